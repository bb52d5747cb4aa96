// Has the page work without a network after a visit, and offers newer versions of the course.

import type { Bar } from "./bar";
import { button } from "./dom";
import { HERE } from "./lesson";

// Milliseconds that the page is left to itself before Python is fetched for later.
const IDLE = 3000;

export async function workOffline(bar: Bar): Promise<void> {
  if (!("serviceWorker" in navigator)) return; // as on a page that is not https
  const site = new URL("../../", HERE);
  const registration = await navigator.serviceWorker.register(
    new URL("service-worker.js", site),
    { scope: site.pathname },
  );
  offerUpdates(registration, bar);
  const { active } = await navigator.serviceWorker.ready;
  setTimeout(() => active && keepPython(active), IDLE);
}

function keepPython(worker: ServiceWorker): void {
  const connection = (navigator as { connection?: { saveData?: boolean } }).connection;
  if (connection?.saveData) return;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    document.documentElement.dataset.offline = "ready";
  };
  worker.postMessage("keep Python", [channel.port2]);
}

function offerUpdates(registration: ServiceWorkerRegistration, bar: Bar): void {
  const offer = (waiting: ServiceWorker): void => {
    const use = button("Use it now", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      waiting.postMessage("take over");
    });
    bar.notice("There is a newer version of the course. Your work stays.", use);
  };
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && navigator.serviceWorker.controller) offer(coming);
    });
  });
}

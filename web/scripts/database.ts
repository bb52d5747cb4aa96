// The browser's database of what a learner has made.

export const NAME = "tinytorch";

export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("cells", { keyPath: ["module", "cell"] });
      request.result.createObjectStore("modules", { keyPath: "module" });
      request.result.createObjectStore("weights", { keyPath: "milestone" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

export async function readAll<Kept>(store: string): Promise<Kept[]> {
  const transaction = (await openDatabase()).transaction(store);
  const request = transaction.objectStore(store).getAll() as IDBRequest<Kept[]>;
  await done(transaction);
  return request.result;
}

export async function put(store: string, value: unknown): Promise<void> {
  const transaction = (await openDatabase()).transaction(store, "readwrite");
  transaction.objectStore(store).put(value);
  await done(transaction);
}

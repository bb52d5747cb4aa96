// The canvas on the first page: a digit is drawn, and the network in digit-network.js reads it.
"use strict";

(() => {
  const demo = document.getElementById("digit-demo");
  const canvas = demo.querySelector("canvas");
  const said = demo.querySelector(".digit-demo-said");
  const bars = demo.querySelector(".digit-demo-bars");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const SIZE = 28; // pixels of an image of MNIST, whose digits are within 20 of them
  const BOX = 20;

  // Strokes for each digit, as points on a square from 0 to 1.
  const EXAMPLES = [
    [[[0.5, 0.12], [0.33, 0.22], [0.27, 0.5], [0.35, 0.8], [0.5, 0.88], [0.65, 0.78], [0.72, 0.5], [0.66, 0.22], [0.5, 0.12]]],
    [[[0.55, 0.12], [0.52, 0.5], [0.48, 0.88]]],
    [[[0.28, 0.28], [0.38, 0.15], [0.55, 0.12], [0.68, 0.24], [0.65, 0.42], [0.45, 0.65], [0.27, 0.85], [0.5, 0.84], [0.74, 0.85]]],
    [[[0.3, 0.18], [0.5, 0.12], [0.67, 0.22], [0.64, 0.38], [0.46, 0.47], [0.64, 0.55], [0.7, 0.72], [0.55, 0.87], [0.3, 0.82]]],
    [[[0.38, 0.12], [0.3, 0.5], [0.5, 0.53], [0.7, 0.5]], [[0.68, 0.15], [0.66, 0.5], [0.62, 0.9]]],
    [[[0.7, 0.14], [0.38, 0.15], [0.34, 0.44], [0.55, 0.42], [0.69, 0.58], [0.64, 0.8], [0.45, 0.88], [0.28, 0.8]]],
    [[[0.62, 0.12], [0.42, 0.3], [0.31, 0.58], [0.36, 0.82], [0.54, 0.88], [0.67, 0.74], [0.6, 0.57], [0.44, 0.57], [0.34, 0.7]]],
    [[[0.26, 0.17], [0.5, 0.16], [0.72, 0.15], [0.6, 0.45], [0.47, 0.88]]],
    [[[0.63, 0.22], [0.48, 0.12], [0.35, 0.24], [0.48, 0.45], [0.65, 0.66], [0.58, 0.85], [0.42, 0.87], [0.34, 0.72], [0.48, 0.48], [0.64, 0.3], [0.63, 0.22]]],
    [[[0.66, 0.26], [0.5, 0.13], [0.35, 0.24], [0.36, 0.42], [0.52, 0.48], [0.65, 0.36], [0.66, 0.26], [0.64, 0.55], [0.55, 0.88]]],
  ];

  const layers = digitNetwork.map(({ inputs, outputs, scale, weight, bias }) => {
    const bytes = Uint8Array.from(atob(weight), (letter) => letter.charCodeAt(0));
    return { inputs, outputs, scale, bias, weight: new Int8Array(bytes.buffer) };
  });

  /** What a Linear layer makes of one sample. */
  function linear({ inputs, outputs, scale, weight, bias }, x) {
    const y = Float32Array.from(bias);
    for (let i = 0; i < inputs; i++) {
      if (x[i] === 0) continue;
      for (let j = 0; j < outputs; j++) y[j] += x[i] * weight[i * outputs + j] * scale;
    }
    return y;
  }

  function softmax(logits) {
    const largest = Math.max(...logits);
    const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
    const sum = powers.reduce((total, power) => total + power);
    return powers.map((power) => power / sum);
  }

  /** The probabilities of the ten digits, for an image of 784 numbers from 0 to 1. */
  function read(image) {
    const hidden = linear(layers[0], image).map((value) => Math.max(0, value));
    return softmax(linear(layers[1], hidden));
  }

  /** A canvas to work on, which nobody sees. */
  function sheet(size) {
    const hidden = document.createElement("canvas");
    hidden.width = hidden.height = size;
    const drawn = hidden.getContext("2d", { willReadFrequently: true });
    drawn.imageSmoothingQuality = "high";
    return drawn;
  }

  const COARSE = 56; // pixels, in which it is quick to see where the ink is
  const coarse = sheet(COARSE);
  const small = sheet(SIZE);

  /** The drawing as MNIST has its images: scaled into a box, its centre of mass in the middle. */
  function asImage() {
    coarse.clearRect(0, 0, COARSE, COARSE);
    coarse.drawImage(canvas, 0, 0, COARSE, COARSE);
    const pixels = coarse.getImageData(0, 0, COARSE, COARSE).data;
    let [left, top, right, bottom] = [COARSE, COARSE, -1, -1];
    let [mass, centreX, centreY] = [0, 0, 0];
    for (let y = 0; y < COARSE; y++) {
      for (let x = 0; x < COARSE; x++) {
        const ink = pixels[4 * (y * COARSE + x) + 3];
        if (ink === 0) continue;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > bottom) bottom = y;
        mass += ink;
        centreX += (x + 0.5) * ink;
        centreY += (y + 0.5) * ink;
      }
    }
    if (mass === 0) return null;
    const scale = BOX / Math.max(right - left + 1, bottom - top + 1);
    const [x, y] = [SIZE / 2 - (centreX / mass) * scale, SIZE / 2 - (centreY / mass) * scale];
    small.clearRect(0, 0, SIZE, SIZE);
    small.drawImage(canvas, x, y, COARSE * scale, COARSE * scale);
    const shrunk = small.getImageData(0, 0, SIZE, SIZE).data;
    const image = Float32Array.from({ length: SIZE * SIZE }, (_, i) => shrunk[4 * i + 3] / 255);
    const darkest = Math.max(...image); // thin lines grow pale where they are shrunk
    return darkest ? image.map((value) => value / darkest) : null;
  }

  /** Show what the network makes of the drawing. */
  function answer() {
    const image = asImage();
    const probabilities = image ? read(image) : Array(10).fill(0);
    probabilities.forEach((probability, digit) => {
      const bar = bars.children[digit];
      bar.style.setProperty("--share", probability);
      bar.querySelector(".percent").textContent = image ? `${Math.round(100 * probability)}%` : "";
    });
    const digit = probabilities.indexOf(Math.max(...probabilities));
    [...bars.children].forEach((bar, i) => bar.classList.toggle("surest", !!image && i === digit));
    said.textContent = image
      ? `It reads ${digit === 8 ? "an" : "a"} ${digit}.`
      : "Draw a digit, with the mouse or a finger.";
  }

  function clear() {
    context.clearRect(0, 0, canvas.width, canvas.height);
    answer();
  }

  function line(from, to) {
    Object.assign(context, { lineWidth: 22, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = getComputedStyle(canvas).color;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  }

  let showing = 0; // which example is being drawn; another number ends the one before

  /** Draw an example, stroke by stroke, or at once where motion is not wanted. */
  async function example(digit) {
    const mine = ++showing;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    clear();
    for (const stroke of EXAMPLES[digit]) {
      const points = smooth(stroke.map((point) => point.map((part) => part * canvas.width)));
      for (let i = 1; i < points.length; i++) {
        if (mine !== showing) return;
        line(points[i - 1], points[i]);
        if (still) continue;
        if (i % 4 === 0) answer();
        await new Promise(requestAnimationFrame);
      }
    }
    answer();
  }

  /** A curve through the points, by Catmull and Rom. */
  function smooth(points) {
    const STEPS = 6;
    const at = (i) => points[Math.max(0, Math.min(points.length - 1, i))];
    const curve = [points[0]];
    for (let i = 0; i + 1 < points.length; i++) {
      for (let step = 1; step <= STEPS; step++) {
        const t = step / STEPS;
        const part = (axis) => {
          const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)].map((p) => p[axis]);
          return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3);
        };
        curve.push([part(0), part(1)]);
      }
    }
    return curve;
  }

  function place(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [
      ((event.clientX - left) / width) * canvas.width,
      ((event.clientY - top) / height) * canvas.height,
    ];
  }

  let last = null; // where the pen was
  let own = false; // whether the drawing is the visitor's
  canvas.addEventListener("pointerdown", (event) => {
    showing++;
    if (!own) clear();
    own = true;
    last = place(event);
    line(last, last);
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = place(event);
    line(last, now);
    last = now;
    answer();
  });
  for (const ending of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(ending, () => {
      last = null;
      answer();
    });
  }
  let next = 3;
  demo.addEventListener("click", (event) => {
    const wanted = event.target.dataset.do;
    if (!wanted) return;
    own = false;
    showing++;
    if (wanted === "clear") clear();
    else example((next = (next + 7) % 10)); // each in its turn, in an order that is none
  });

  for (let digit = 0; digit < 10; digit++) {
    const bar = document.createElement("li");
    bar.innerHTML = `<span class="digit">${digit}</span><span class="bar"></span><span class="percent"></span>`;
    bars.append(bar);
  }
  // The text comes first, then the drawing, unless somebody has begun one.
  (window.requestIdleCallback ?? setTimeout)(() => {
    if (showing === 0) example(next);
  });
})();

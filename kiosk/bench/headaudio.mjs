// Runs the audio worklet of npm's @met4citizen/headaudio without a browser.
//
//   node headaudio.mjs PACKAGE_FOLDER SAMPLE_RATE_HZ < JOBS > ANSWERS
//
// A job is a line: the path of raw little-endian float32 mono samples. The answer is a line: a JSON
// array of [time in seconds, viseme number] for every change; number 14 is silence, and -1 goes on
// as before. The worklet says these times itself: the middle of what it looked at.

import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const BLOCK_SAMPLES = 128;
const COEFFICIENTS = 12;
const MATRIX = (COEFFICIENTS * (COEFFICIENTS + 1)) / 2;
const RECORD_BYTES = 4 * (2 + COEFFICIENTS + MATRIX);
const SILENCE = 14;

const [folder, rate] = process.argv.slice(2);
let Worklet = null;
globalThis.sampleRate = Number(rate);
globalThis.registerProcessor = (_, made) => {
  Worklet = made;
};
globalThis.AudioWorkletProcessor = class {
  port = { onmessage: null, postMessage: () => {} };
};

/** The Gaussians of the package's model: see "Data Structures" in its README. */
function readModel(file) {
  const bytes = new Uint8Array(fs.readFileSync(file)).buffer;
  const model = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.byteLength; at += RECORD_BYTES) {
    const view = new DataView(bytes, at, 8);
    model.push({
      group: view.getUint8(5),
      viseme: view.getUint8(7),
      mu: new Float32Array(bytes, at + 8, COEFFICIENTS),
      sigmaInvLower: new Float32Array(bytes, at + 8 + 4 * COEFFICIENTS, MATRIX),
    });
  }
  return model;
}

/** What the worklet says of *samples*, from a fresh start. */
function hear(samples, model) {
  const worklet = new Worklet({ processorOptions: {} });
  const said = [];
  worklet.port.postMessage = ({ event, viseme, t }) => {
    if (event === "ended") said.push([t, SILENCE]);
    if (event === "viseme") said.push([t, viseme ?? -1]);
  };
  worklet.port.onmessage({ data: { event: "model", model } });
  for (let at = 0; at + BLOCK_SAMPLES <= samples.length; at += BLOCK_SAMPLES) {
    worklet.process([[samples.subarray(at, at + BLOCK_SAMPLES)]], [], {});
  }
  return said;
}

const dist = path.join(folder, "dist");
await import(pathToFileURL(path.join(dist, "headworklet.min.mjs")).href);
const model = readModel(path.join(dist, "model-en-mixed.bin"));
for await (const line of readline.createInterface({ input: process.stdin })) {
  const bytes = new Uint8Array(fs.readFileSync(line)).buffer;
  console.log(JSON.stringify(hear(new Float32Array(bytes), model)));
}

// Reads the slate off a page as a camera and a microphone beside the screen would: no RTP, no media
// time. Needs a page whose content policy is bypassed.
// Pictures: for each frame shown, when, and the mean luma of each cell of the pattern.
// Sound: per millisecond, the amplitude at 1 kHz; for each 10 ms, when it left the jitter buffer.
(() => {
  const [COLUMNS, ROWS] = [32, 4];
  const video = document.querySelector('video');
  const canvas = new OffscreenCanvas(COLUMNS, ROWS);
  const pixels = canvas.getContext('2d', { willReadFrequently: true });
  pixels.imageSmoothingQuality = 'high';
  let pictures = [];
  let sounds = [];
  let clicks = [];
  const onFrame = (_nowMs, metadata) => {
    const cell = Math.floor(video.videoWidth / COLUMNS);
    pixels.drawImage(video, 0, 0, cell * COLUMNS, cell * ROWS, 0, 0, COLUMNS, ROWS);
    const { data } = pixels.getImageData(0, 0, COLUMNS, ROWS);
    const grey = Array.from({ length: COLUMNS * ROWS }, (_, i) => data[4 * i + 1]);
    pictures.push([metadata.expectedDisplayTime, ...grey]);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);

  // ---- sound

  const RATE = 48_000;
  const BLOCK = 48; // one period of 1 kHz
  const wave = Array.from({ length: BLOCK }, (_, i) => [
    Math.cos((2 * Math.PI * i) / BLOCK), Math.sin((2 * Math.PI * i) / BLOCK)]);
  // A break in the waveform towers, in the third difference, over the speech on either side of it.
  const [ABOUT, NEAR, TIMES, FLOOR] = [240, 4, 16, 0.05];
  let rough = [];
  let last = [0, 0, 0];
  const findClicks = (buffer, atMs) => {
    for (const d of buffer) {
      const [a, b, c] = last;
      rough.push(Math.abs(d - 3 * c + 3 * b - a));
      last = [b, c, d];
    }
    const mean = (from, to) => {
      let sum = 0;
      for (let i = from; i < to; i += 1) sum += rough[i];
      return sum / (to - from);
    };
    for (let i = ABOUT + NEAR; i < rough.length - ABOUT - NEAR; i += 1) {
      if (rough[i] <= FLOOR) continue;
      const beside = Math.max(mean(i - NEAR - ABOUT, i - NEAR), mean(i + NEAR + 1, i + NEAR + 1 + ABOUT));
      if (rough[i] > TIMES * beside && atMs - (clicks.at(-1) ?? -1e9) > 5) clicks.push(atMs);
    }
    rough = rough.slice(-2 * (ABOUT + NEAR));
  };
  const hear = (data, atMs) => {
    const buffer = new Float32Array(data.numberOfFrames);
    data.copyTo(buffer, { planeIndex: 0, format: 'f32-planar' });
    const levels = [];
    for (let begin = 0; begin + BLOCK <= buffer.length; begin += BLOCK) {
      let [re, im] = [0, 0];
      for (let i = 0; i < BLOCK; i += 1) {
        re += buffer[begin + i] * wave[i][0];
        im += buffer[begin + i] * wave[i][1];
      }
      levels.push((2 * Math.hypot(re, im)) / BLOCK);
    }
    sounds.push([atMs, ...levels]);
    findClicks(buffer, atMs);
    data.close();
  };
  let track = null;
  const listen = async () => {
    const [next] = video.srcObject?.getAudioTracks() ?? [];
    if (!next || next === track) return;
    track = next;
    const reader = new MediaStreamTrackProcessor({ track: next }).readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (value.sampleRate !== RATE) throw new Error(`${value.sampleRate} Hz`);
      hear(value, value.timestamp / 1000);
    }
  };
  setInterval(() => listen().catch((error) => { window.slateError = String(error); }), 200);
  window.slateProbe = {
    take() {
      const taken = { pictures, sounds, clicks };
      [pictures, sounds, clicks] = [[], [], []];
      return taken;
    },
  };
})();

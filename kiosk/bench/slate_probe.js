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
  const onFrame = (nowMs, metadata) => {
    const cell = Math.floor(video.videoWidth / COLUMNS);
    pixels.drawImage(video, 0, 0, cell * COLUMNS, cell * ROWS, 0, 0, COLUMNS, ROWS);
    const { data } = pixels.getImageData(0, 0, COLUMNS, ROWS);
    const grey = Array.from({ length: COLUMNS * ROWS }, (_, i) => data[4 * i + 1]);
    pictures.push([metadata.expectedDisplayTime, metadata.presentationTime, nowMs, ...grey]);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);

  // ---- sound

  const RATE = 48_000;
  const BLOCK = 48; // one period of 1 kHz
  const wave = Array.from({ length: BLOCK }, (_, i) => [
    Math.cos((2 * Math.PI * i) / BLOCK), Math.sin((2 * Math.PI * i) / BLOCK)]);
  let previous = [0, 0, 0];
  let roughness = 1e-3;
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
    let [a, b, c] = previous;
    let rough = 0;
    for (const d of buffer) {
      // The third difference of a break in the waveform towers over that of speech.
      const jump = Math.abs(d - 3 * c + 3 * b - a);
      if (jump > Math.max(0.25, 12 * roughness)) clicks.push(atMs);
      rough += jump;
      [a, b, c] = [b, c, d];
    }
    previous = [a, b, c];
    roughness = 0.9 * roughness + 0.1 * (rough / buffer.length);
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
      const taken = { pictures, sounds, clicks, now_ms: performance.now(), origin_ms: performance.timeOrigin };
      [pictures, sounds, clicks] = [[], [], []];
      return taken;
    },
  };
})();

// Records what a page shows and sounds, for the bench and the browser tests.
// Sound: RMS of the latest 5 ms, polled every 5 ms. Pictures: 128 x 128 grey, each frame shown.
(() => {
  const SIDE = 128;
  const KEEP_MS = 20_000;
  const video = document.querySelector('video');
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const pixels = canvas.getContext('2d', { willReadFrequently: true });
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  analyser.fftSize = 256;
  let source = null;
  let stream = null;
  const listen = () => {
    if (video.srcObject === stream) return;
    source?.disconnect();
    stream = video.srcObject;
    source = stream?.getAudioTracks().length ? audio.createMediaStreamSource(stream) : null;
    source?.connect(analyser);
  };
  listen();
  const samples = new Float32Array(analyser.fftSize);
  let heard = [];
  let seen = [];
  const forget = (list, nowMs) => {
    while (list.length && list[0].at < nowMs - KEEP_MS) list.shift();
  };
  setInterval(() => {
    listen();
    analyser.getFloatTimeDomainData(samples);
    const at = performance.now();
    heard.push({ at, rms: Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length) });
    forget(heard, at);
  }, 5);
  const onFrame = (_, metadata) => {
    const side = Math.min(video.videoWidth, video.videoHeight);
    pixels.drawImage(video, 0, 0, side, side, 0, 0, SIDE, SIDE);
    const { data } = pixels.getImageData(0, 0, SIDE, SIDE);
    const grey = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < grey.length; i += 1) {
      grey[i] = (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8;
    }
    seen.push({ at: metadata.expectedDisplayTime, grey });
    forget(seen, metadata.expectedDisplayTime);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  const base64 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
  window.kioskProbe = {
    take() {
      const [sounds, pictures] = [heard, seen];
      [heard, seen] = [[], []];
      const frames = new Uint8Array(pictures.length * SIDE * SIDE);
      pictures.forEach(({ grey }, i) => frames.set(grey, i * SIDE * SIDE));
      return {
        heardMs: sounds.map(({ at }) => at),
        rms: sounds.map(({ rms }) => rms),
        seenMs: pictures.map(({ at }) => at),
        frames: base64(frames),
      };
    },
  };
  return audio.resume().then(() => audio.state);
})();

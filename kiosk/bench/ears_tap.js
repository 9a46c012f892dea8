// Notes how loud the page's microphone is, 5 ms at a time, and when that was captured. To be run
// before the page's own scripts.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const real = devices.getUserMedia.bind(devices);
  let levels = [];
  const listen = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const lengthMs = (1000 * value.numberOfFrames) / value.sampleRate;
      const block = Math.round(value.sampleRate / 200);
      const beganMs = performance.now() - lengthMs;
      for (let begin = 0; begin + block <= samples.length; begin += block) {
        const power = samples.slice(begin, begin + block).reduce((sum, x) => sum + x * x, 0) / block;
        levels.push([beganMs + (1000 * begin) / value.sampleRate, Math.sqrt(power)]);
      }
      value.close();
    }
  };
  devices.getUserMedia = async (...asked) => {
    const stream = await real(...asked);
    listen(stream.getAudioTracks()[0].clone());
    return stream;
  };
  window.earsTap = {
    take() {
      const taken = levels;
      levels = [];
      return taken;
    },
  };
})();

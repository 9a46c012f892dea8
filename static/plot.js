/**
 * A small plot of one or more curves over time, on a canvas.
 * @module plot
 */

/** @typedef {[number, number]} Point time and value */

/**
 * @typedef {object} Frame
 * @property {number} low
 * @property {number} high
 * @property {number} from
 * @property {number} to
 * @property {string} unit
 * @property {number[]} [band] the values between which all is well
 * @property {boolean} [steps] whether a value holds until the next
 */

export const COLOURS = ['#7fd1b9', '#f2c14e', '#9db8ff'];
const MARGIN_PX = 34;

/**
 * Where a point lies, in pixels. What is beyond the frame lies on its edge.
 * @param {Point} point
 * @param {Frame} frame
 * @param {{width: number, height: number}} size of the plot without its margin
 * @returns {Point}
 */
export function placed([at, value], frame, { width, height }) {
  const across = (at - frame.from) / (frame.to - frame.from);
  const up = (value - frame.low) / (frame.high - frame.low);
  return [across * width, height * (1 - Math.min(1, Math.max(0, up)))];
}

/**
 * @param {HTMLCanvasElement} canvas sized by its style
 * @param {Point[]|Point[][]} curves one curve, or several
 * @param {Frame} frame
 */
export function drawPlot(canvas, curves, frame) {
  const scale = devicePixelRatio || 1;
  const { clientWidth, clientHeight } = canvas;
  canvas.width = clientWidth * scale;
  canvas.height = clientHeight * scale;
  const pen = canvas.getContext('2d');
  if (!pen || !clientWidth) return;
  pen.scale(scale, scale);
  const size = { width: clientWidth - MARGIN_PX - 6, height: clientHeight - 12 };
  pen.translate(MARGIN_PX, 6);
  drawFrame(pen, frame, size);
  const many = /** @type {Point[][]} */ (Array.isArray(curves[0]?.[0]) ? curves : [curves]);
  many.forEach((curve, index) => drawCurve(pen, curve, frame, size, COLOURS[index]));
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Frame} frame
 * @param {{width: number, height: number}} size
 */
function drawFrame(pen, frame, size) {
  const y = (/** @type {number} */ value) => placed([frame.from, value], frame, size)[1];
  if (frame.band) {
    const [low, high] = frame.band;
    pen.fillStyle = 'rgb(127 209 185 / .13)';
    pen.fillRect(0, y(high), size.width, y(low) - y(high));
  }
  pen.font = '10px ui-monospace, "DejaVu Sans Mono", monospace';
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const value of new Set([frame.low, ...(frame.band ?? []), frame.high])) {
    pen.strokeStyle = 'rgb(255 255 255 / .14)';
    pen.beginPath();
    pen.moveTo(0, y(value));
    pen.lineTo(size.width, y(value));
    pen.stroke();
    pen.fillStyle = 'rgb(255 255 255 / .65)';
    pen.fillText(String(value), -5, y(value));
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Point[]} curve
 * @param {Frame} frame
 * @param {{width: number, height: number}} size
 * @param {string} colour
 */
function drawCurve(pen, curve, frame, size, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.lineJoin = 'round';
  pen.beginPath();
  let lastY = null;
  for (const point of curve) {
    if (point[0] < frame.from) continue;
    const [x, y] = placed(point, frame, size);
    if (lastY === null) pen.moveTo(x, y);
    else if (frame.steps) pen.lineTo(x, lastY);
    pen.lineTo(x, y);
    lastY = y;
  }
  pen.stroke();
}

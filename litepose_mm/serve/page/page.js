// Sends one frame at a time, the newest, and draws the people that come back on that same frame.

const $ = (id) => document.getElementById(id);
const canvas = $('canvas');
const pen = canvas.getContext('2d');
const video = $('video');
const grabbed = document.createElement('canvas');

const LONGEST_SIDE = 960; // of what is sent, where the network does not look at more
const MIN_SCORE = 0.2; // of keypoints that are drawn
const KEPT = 20000; // frames whose results can be downloaded
const NO_ANSWER = 'the server does not answer; is it still running?';

let model = null;
let stream = null; // to the server
let camera = null; // what it gives, while it is in use
let session = 0; // grows with everything that starts or stops
let results = [];
let moments = []; // when answers came, for frames a second

function tell(text) { $('error').textContent = text ?? ''; }

function color(index) {
  return `hsl(${(198 + index * 222.5) % 360} 85% 60%)`;
}

function drawPeople(people, width) {
  const unit = Math.max(canvas.width, canvas.height) / 960;
  const place = ([x, y]) => [$('mirror').checked ? width - 1 - x : x, y];
  const isSeen = (point) => point[2] >= MIN_SCORE;
  pen.lineCap = 'round';
  for (const [index, person] of people.entries()) {
    const own = color(person.id ?? index);
    const seen = person.keypoints.filter(isSeen);
    for (const [ink, thick] of [['#111', 6], [own, 3]]) { // a dark border, then the colour
      pen.strokeStyle = pen.fillStyle = ink;
      pen.lineWidth = Math.max(1, thick * unit);
      for (const [from, to] of model.links) {
        const ends = [person.keypoints[from], person.keypoints[to]];
        if (!ends.every(isSeen)) continue;
        pen.beginPath();
        pen.moveTo(...place(ends[0]));
        pen.lineTo(...place(ends[1]));
        pen.stroke();
      }
      for (const point of seen) {
        pen.beginPath();
        pen.arc(...place(point), (3 + thick / 2) * unit, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    if ($('ids').checked && person.id !== undefined && seen.length) {
      const top = place(seen.reduce((best, point) => (point[1] < best[1] ? point : best)));
      pen.font = `bold ${Math.max(12, 19 * unit)}px system-ui, sans-serif`;
      pen.textAlign = 'center';
      pen.lineWidth = 3 * unit;
      pen.strokeStyle = '#111';
      pen.strokeText(`#${person.id}`, top[0], top[1] - 10 * unit);
      pen.fillText(`#${person.id}`, top[0], top[1] - 10 * unit);
    }
  }
}

function show(answer) {
  const { width, height } = grabbed;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.hidden = false;
  $('hint').hidden = true;
  $('drop').classList.add('busy');
  pen.save();
  if ($('mirror').checked) {
    pen.translate(width, 0);
    pen.scale(-1, 1);
  }
  pen.drawImage(grabbed, 0, 0);
  pen.restore();
  drawPeople(answer.people, width);
  results.push(answer);
  if (results.length > KEPT) results.shift();
  $('download').disabled = false;
  const count = answer.people.length;
  const rate = moments.length > 1
    ? `, ${((1000 * (moments.length - 1)) / (moments.at(-1) - moments[0])).toFixed(1)} fps` : '';
  $('status').textContent =
    `${count} ${count === 1 ? 'person' : 'people'}, ${answer.milliseconds.toFixed(0)} ms${rate}`;
}

// A copy of what a video or image shows, no larger than needed, and its encoding.
function grab(source, width, height, quality) {
  const needed = model.short_side / Math.min(width, height);
  const scale = Math.min(1, Math.max(LONGEST_SIDE / Math.max(width, height), needed));
  grabbed.width = Math.max(1, Math.round(width * scale));
  grabbed.height = Math.max(1, Math.round(height * scale));
  grabbed.getContext('2d').drawImage(source, 0, 0, grabbed.width, grabbed.height);
  return new Promise((resolve) => grabbed.toBlob(resolve, 'image/jpeg', quality));
}

function stop() {
  session += 1;
  stream?.close();
  stream = null;
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  video.pause();
  video.removeAttribute('src');
  video.srcObject = null;
  $('stop').disabled = true;
}

function begin() {
  stop();
  tell();
  $('status').textContent = '';
  $('download').disabled = true;
  results = [];
  moments = [];
  return session;
}

async function request(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error(NO_ANSWER);
  }
  return response.json();
}

// A stream of frames to the server and of answers from it. Answers are kept until they are asked
// for: where there are too many streams, the server says so and closes before a frame is sent.
class Stream {
  #answers = [];
  #wake = () => {};

  constructor() {
    const address = new URL('api/stream', location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    this.socket = new WebSocket(address);
    this.socket.onmessage = (event) => {
      this.#answers.push(JSON.parse(event.data));
      this.#wake();
    };
    this.socket.onopen = this.socket.onclose = () => this.#wake();
  }

  async #until(condition) {
    while (!condition()) await new Promise((resolve) => { this.#wake = resolve; });
  }

  // The server's answer to a frame.
  async ask(frame) {
    await this.#until(() => this.socket.readyState !== WebSocket.CONNECTING);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
    await this.#until(() => this.#answers.length || this.socket.readyState > WebSocket.OPEN);
    if (!this.#answers.length) throw new Error(NO_ANSWER);
    return this.#answers.shift();
  }

  close() { this.socket.close(); }
}

// The time of the image that a video shows, which changes with every image.
function watch(own) {
  const watched = { get time() { return video.currentTime; } };
  if (!video.requestVideoFrameCallback) return watched; // older browsers
  let time = -1;
  const again = () => video.requestVideoFrameCallback((_, { mediaTime }) => {
    time = mediaTime;
    if (own === session) again();
  });
  again();
  return { get time() { return time; } };
}

async function follow(own) {
  const answers = stream = new Stream();
  const watched = watch(own);
  let last = -1;
  $('stop').disabled = false;
  while (own === session && !video.ended) {
    if (video.error) throw new Error('the video breaks off: this browser cannot read the rest');
    const { time } = watched;
    if (video.readyState < 2 || !video.videoWidth || time === last) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    last = time;
    const frame = await grab(video, video.videoWidth, video.videoHeight, 0.8);
    const answer = await answers.ask(frame);
    if (own !== session) return;
    if (answer.error) throw new Error(answer.error);
    if (!camera) answer.time = Number(time.toFixed(4)); // the video's, not the server's
    moments.push(performance.now());
    if (moments.length > 30) moments.shift();
    show(answer);
  }
  if (own === session) stop();
}

async function run(start) {
  const own = begin();
  try {
    await start(own);
  } catch (error) {
    if (own !== session) return; // it was stopped
    tell(error.message);
    stop();
  }
}

const REASONS = {
  NotFoundError: 'there is no camera',
  NotAllowedError: 'the browser does not allow the camera; allow it for this page',
  NotReadableError: 'another program uses the camera',
};

async function startCamera(own) {
  if (!navigator.mediaDevices) {
    throw new Error('cameras need https, or this page under localhost');
  }
  let granted;
  try {
    granted = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? `the camera fails: ${error.message}`);
  }
  if (own !== session) { // something else was started while the browser asked
    granted.getTracks().forEach((track) => track.stop());
    return;
  }
  camera = granted;
  camera.getVideoTracks()[0].onended = () => {
    if (own === session) { tell('the camera is gone'); stop(); }
  };
  video.srcObject = granted;
  await video.play();
  await follow(own);
}

async function startVideo(file, own) {
  video.src = URL.createObjectURL(file);
  try {
    await video.play();
  } catch {
    throw new Error(`${file.name}: the browser cannot play this video; convert it to MP4 (H.264)`);
  } finally {
    setTimeout(() => URL.revokeObjectURL(video.src), 0);
  }
  await follow(own);
}

async function startImage(file, own) {
  if (file.size > model.max_bytes) {
    throw new Error(`${file.name} is larger than ${(model.max_bytes / 2 ** 20).toFixed(0)} MiB`);
  }
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no image or video that the browser knows`);
  }
  const blob = await grab(image, image.width, image.height, 0.95);
  const answer = await request('api/predict', { method: 'POST', body: blob });
  if (own !== session) return;
  if (answer.error) throw new Error(answer.error);
  show(answer);
}

function take(file) {
  if (!file) return;
  const isVideo = file.type.startsWith('video/');
  run((own) => (isVideo ? startVideo(file, own) : startImage(file, own)));
}

function download() {
  const lines = results.map((result) => `${JSON.stringify(result)}\n`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(lines, { type: 'application/jsonl' }));
  link.download = 'litepose.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

$('camera').onclick = () => run(startCamera);
$('open').onclick = () => $('file').click();
$('file').onchange = (event) => { take(event.target.files[0]); event.target.value = ''; };
$('stop').onclick = stop;
$('download').onclick = download;
for (const name of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $('drop').classList.toggle('over', name === 'dragover');
    if (name === 'drop') take(event.dataTransfer.files[0]);
  });
}

try {
  model = await request('api/model');
  $('model').textContent = model.name;
} catch (error) {
  tell(error.message);
}

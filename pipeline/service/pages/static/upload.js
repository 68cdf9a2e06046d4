// Uploading: look at the first lines, send the parts, resume after a broken connection or a reload, wait for the verdict.
// What is under way is noted in localStorage (name, size and dataset, never content), so that a reload can go on.

const PEEK_BYTES = 256 * 1024, PEEK_LINES = 200, RATE_WINDOW_MS = 4000, RETRIES = 4, PARALLEL = 3, NOTE = "lora-upload";
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export default function start({ one, all, say, follow }) {
  const form = one("#upload"), progress = one("#progress"), bar = one("progress"), input = one("#file");
  let file, note, running, sent, began;

  form.hidden = false;
  input.addEventListener("change", () => input.files[0] && choose(input.files[0]));
  const drop = one(".drop");
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    window.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && !form.hidden && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
    });
  }
  one("[data-other]").addEventListener("click", () => { one("#chosen").hidden = true; drop.hidden = false; input.value = ""; input.focus(); });
  one("[data-forget]").addEventListener("click", forget);
  one("[data-cancel]").addEventListener("click", cancel);
  one("[data-resume]").addEventListener("click", () => go(resumed));
  form.addEventListener("submit", (event) => { event.preventDefault(); go(created); });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
  window.addEventListener("online", () => { if (!one("[data-resume]").hidden) go(resumed); });
  document.addEventListener("verdict", ({ detail }) => {
    if (note?.id !== detail.id || detail.isLive) return;
    stage("check", "done");
    one("#again").hidden = false;
    note = undefined;
  });
  recall();

  // ---- Choosing

  async function choose(chosen) {
    file = chosen;
    const tooLarge = file.size > Number(form.dataset.maxBytes), noRoom = file.size > Number(form.dataset.leftBytes ?? Infinity), isOld = note?.name === file.name && note.size === file.size;
    drop.hidden = true;
    one("#chosen").hidden = false;
    one("#chosen .name bdi").textContent = file.name;
    one("#chosen .facts").textContent = size(file.size);
    one("#name").value = isOld ? note.title : [...file.name.replace(/\.(gz|tgz|zst|zip|tar)$/i, "").replace(/\.[^.]+$/, "")].slice(0, 200).join("");
    const button = one("#chosen .go button");
    button.disabled = tooLarge || noRoom || !file.size;
    if (isOld) return go(resumed);
    peek(tooLarge ? ["bad", `It is larger than the ${size(Number(form.dataset.maxBytes))} that are taken here. Split it by lines.`]
      : noRoom ? ["bad", `There is no room for it: ${size(Number(form.dataset.leftBytes))} are left. Delete datasets first.`]
      : !file.size ? ["bad", "It is empty."] : await firstLines(file));
    if (!button.disabled) button.focus();
  }

  function peek([tone, text]) {
    const box = one("#peek");
    box.hidden = !text;
    box.className = `callout peek ${tone}`;
    box.textContent = text;
    say(text);
  }

  // ---- Sending

  async function go(obtain) {
    if (running || !file) return;
    running = new AbortController();
    sent = new Map();
    form.hidden = true;
    progress.hidden = false;
    one("#problem").hidden = one("[data-resume]").hidden = true;
    one("[data-cancel]").hidden = false;
    one("#sending bdi").textContent = file.name;
    one("#progress .facts").textContent = size(file.size);
    stage("upload", "now");
    try {
      const parts = await obtain();
      for (const part of parts) sent.set(part.number, part.received_bytes);
      began = [[performance.now(), total()]];
      show();
      await sendAll(parts);
      stage("upload", "done");
      stage("confirm", "now");
      one("[data-cancel]").hidden = true;
      await call("POST", `/api/datasets/${note.id}/confirm`);
      stage("confirm", "done");
      stage("check", "now");
      keep(null);
      await verdict();
    } catch (error) {
      if (error.name !== "AbortError") stopped(error);
    } finally { running = undefined; }
  }

  async function created() {
    const description = one("#description").value.trim(), mapping = one("#mapping").value.trim();
    const data = await call("POST", "/api/datasets", {
      name: one("#name").value.trim(), file_name: file.name, file_size: file.size, ...(description && { description }), ...(mapping && { mapping }), ...(form.dataset.replaces && { replaces: form.dataset.replaces }),
    });
    keep({ id: data.dataset.id, name: file.name, size: file.size, title: data.dataset.name });
    return data.upload.parts;
  }

  async function resumed() {
    return (await call("POST", `/api/datasets/${note.id}/upload`)).parts;
  }

  async function sendAll(parts) {
    const open = parts.filter((part) => part.received_bytes < part.size_bytes);
    const work = async () => { for (let part; (part = open.shift());) await retried(part); };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  async function retried(part) {
    for (let attempt = 1; ; attempt++) {
      try { return await send(part); } catch (error) {
        if (error.name === "AbortError" || error.status || attempt === RETRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
        const fresh = (await resumed()).find((each) => each.number === part.number);
        Object.assign(part, fresh);
        sent.set(part.number, part.received_bytes);
        if (part.received_bytes >= part.size_bytes) return undefined;
      }
    }
  }

  function send(part) {
    return new Promise((resolve, reject) => {
      const skip = part.is_resumable ? part.received_bytes : 0, request = new XMLHttpRequest();
      request.open("PUT", part.url);
      for (const [name, value] of Object.entries(part.headers)) request.setRequestHeader(name, value);
      if (skip) request.setRequestHeader("Upload-Offset", skip);
      request.upload.onprogress = (event) => { sent.set(part.number, skip + event.loaded); show(); };
      request.onload = () => {
        if (request.status < 300) { sent.set(part.number, part.size_bytes); show(); resolve(); return; }
        reject(Object.assign(new Error(reason(request)), { status: request.status }));
      };
      request.onerror = () => reject(new Error("The connection broke."));
      running.signal.addEventListener("abort", () => { request.abort(); reject(new DOMException("", "AbortError")); });
      request.send(file.slice(part.start + skip, part.start + part.size_bytes));
    });
  }

  async function cancel() {
    running?.abort();
    if (note) await call("DELETE", `/api/datasets/${note.id}`).catch(() => {});
    keep(null);
    progress.hidden = true;
    form.hidden = false;
    say("The upload was cancelled");
  }

  function stopped(error) {
    const isGone = error.status === 404;
    if (isGone) keep(null);
    one(`.stages .now`)?.classList.add("stopped");
    one("#problem").hidden = false;
    one("#problem p").textContent = isGone ? "This upload expired or was deleted. Choose the file again to start anew."
      : `${error.message} What arrived is kept.`;
    one("[data-resume]").hidden = isGone || !note;
    if (isGone || !note) { form.hidden = false; }
  }

  // ---- What is seen meanwhile

  const total = () => [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);

  function show() {
    const now = performance.now(), bytes = total();
    began = began.filter(([at]) => now - at < RATE_WINDOW_MS || began.length < 2);
    const [at, earlier] = began[0], rate = ((bytes - earlier) / (now - at)) * 1000;
    began.push([now, bytes]);
    const share = Math.floor((100 * bytes) / file.size);
    if (Math.floor(share / 25) > Math.floor(bar.value / 25)) say(`${share} % uploaded`);
    bar.value = share;
    one(".sent").textContent = `${size(bytes)} of ${size(file.size)}`;
    one(".rate").textContent = rate > 0 ? `${size(rate)}/s` : "";
    one(".left").textContent = rate > 0 && bytes < file.size ? `${duration((file.size - bytes) / rate)} left` : "";
  }

  function stage(name, state) {
    const item = one(`[data-stage=${name}]`);
    item.className = state;
    if (state === "now") item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
  }

  async function verdict() {
    const answer = await fetch(`/datasets/${note.id}/live`);
    one("#verdict-place").innerHTML = answer.ok ? await answer.text() : "";
    const card = one("#verdict-place .card");
    if (card && !("live" in card.dataset)) document.dispatchEvent(new CustomEvent("verdict", { detail: { id: note.id, isLive: false } }));
    follow();
  }

  // ---- What outlives a reload

  function keep(value) {
    if (value) note = value;
    try { value ? localStorage.setItem(NOTE, JSON.stringify(value)) : localStorage.removeItem(NOTE); } catch { /* private window */ }
  }

  async function recall() {
    try { note = JSON.parse(localStorage.getItem(NOTE)) ?? undefined; } catch { return; }
    if (!note) return;
    try {
      const { parts } = await call("POST", `/api/datasets/${note.id}/upload`);
      const bytes = parts.reduce((sum, part) => sum + part.received_bytes, 0);
      one("#resumable .file-name").textContent = note.name;
      one("#resumable .done").textContent = `${size(bytes)} of ${size(note.size)}`;
      one("#resumable").hidden = false;
    } catch (error) { if (error.status) { keep(null); note = undefined; } }
  }

  async function forget() {
    one("#resumable").hidden = true;
    await call("DELETE", `/api/datasets/${note.id}`).catch(() => {});
    keep(null);
    note = undefined;
    input.focus();
  }
}

// ---- Requests

async function call(method, url, body) {
  let answer;
  try {
    answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) });
  } catch { throw new Error("The service does not answer."); }
  const { data, error, details } = await answer.json();
  if (answer.ok) return data;
  const fields = details?.fields?.map(({ field, message }) => `${field.split(".").pop()}: ${message}`).join("; ");
  throw Object.assign(new Error(sentence(fields || error)), { status: answer.status });
}

function reason(request) {
  try { return sentence(JSON.parse(request.responseText).error); } catch { return `The store refused the file (${request.status}).`; }
}

// ---- The first lines, before anything is sent

async function firstLines(file) {
  if (/\.(gz|tgz|zst|zip|tar)$/i.test(file.name)) return ["", ""];
  if (/\.(csv|tsv|parquet)$/i.test(file.name)) return ["", "A table, as it seems. Each of its rows is checked."];
  const text = await file.slice(0, PEEK_BYTES).text();
  if (/^\s*\[/.test(text)) return ["", "One JSON array, as it seems. Each of its items is checked."];
  if (/^\s*\{\s*\n/.test(text)) return ["", "JSON over several lines, as it seems. Each of its objects is checked."];
  const lines = text.split("\n");
  if (file.size > PEEK_BYTES) lines.pop();
  let looked = 0;
  for (const [place, line] of lines.slice(0, PEEK_LINES).entries()) {
    if (!line.trim()) continue;
    looked++;
    let value;
    try { value = JSON.parse(line); } catch { /* told below */ }
    if (typeof value !== "object" || value === null) {
      return ["warning", `Line ${place + 1} is not a JSON object. You can upload the file all the same: every such line is named.`];
    }
  }
  const what = looked === 1 ? "The first line is a JSON object" : `The first ${looked} lines are JSON objects`;
  return looked ? ["good", `${what}.`] : ["warning", "There is no text in the first lines."];
}

// ---- Words

function size(bytes) {
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) { value /= 1000; unit++; }
  return unit ? `${value.toFixed(1)} ${UNITS[unit]}` : `${Math.round(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
}

function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

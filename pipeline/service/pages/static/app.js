// The one script of the pages. Without it everything works but the upload itself; with it lists narrow as one types,
// and verdicts come in by themselves. All HTML comes from the server's templates, where every text is escaped.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = (text) => { one("#said").textContent = text; };
const SKELETON_MS = 180, TYPING_MS = 220;

// ---- Pieces of pages

async function page(url, signal) {
  const answer = await fetch(url, { signal, headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function swap(fresh, selectors) {
  for (const selector of selectors) {
    const [before, after] = [one(selector), one(selector, fresh)];
    if (!before || !after) continue;
    if (before.open) after.open = true;
    before.replaceWith(after);
  }
  localTimes();
}

function localTimes() {
  for (const time of all("time[datetime]:not([title])")) time.title = new Date(time.dateTime).toLocaleString();
}

// ---- Keys of their own: what a page says a key does is done, unless somebody types

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, details.menu[open]")) return;
  const meant = /^[a-z]$/.test(event.key) && one(`[data-key="${event.key}"]:not([disabled])`);
  if (meant) { event.preventDefault(); meant.click(); }
});

// ---- Menus

document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && one("details.menu[open]");
  if (menu) { menu.open = false; one("summary", menu).focus(); }
  const search = one("#search");
  if (event.key === "/" && search && !event.target.closest("input, textarea, select")) { event.preventDefault(); search.focus(); }
});

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("form[data-quiet]")) return;
  event.preventDefault();
  const answer = await fetch(event.target.action, { method: "POST" });
  if (answer.ok) { swap(await page(location.href), ["#bell", "#notices"]); say("Marked as read"); }
});

// ---- The link that the service prints at its start. Only where it has one token of its own: else a stranger's link
// could sign one in as the stranger.

const gate = one("form[data-own-token]"), token = new URLSearchParams(location.hash.slice(1)).get("token");
if (gate && token) {
  history.replaceState(null, "", location.pathname + location.search);
  one("#token").value = token;
  gate.requestSubmit();
}

// ---- The list: filters, search and pages without leaving it

let loading;
async function load(url) {
  loading?.abort();
  const mine = loading = new AbortController();
  const results = one("#results");
  results.setAttribute("aria-busy", "true");
  const waiting = setTimeout(() => results.replaceChildren(one("#skeleton").content.cloneNode(true)), SKELETON_MS);
  try {
    const fresh = await page(url, mine.signal);
    swap(fresh, ["#filters", "#results"]);
    if (one("[data-says]")) say(one("[data-says]").textContent);
    follow();
  } catch (error) {
    if (error.name === "AbortError") return;
    results.replaceChildren(one("#failed").content.cloneNode(true));
    one("[data-retry]").addEventListener("click", () => load(url));
  } finally {
    clearTimeout(waiting);
    one("#results").removeAttribute("aria-busy");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#filters a, #results .pager a");
  if (!link || !one("#skeleton") || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  load(link.href);
});
window.addEventListener("popstate", () => { if (one("#skeleton")) load(location.href); });

let typing;
one("#search")?.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const url = new URL(location.href);
    url.searchParams.delete("page");
    url.searchParams.delete("deleted");
    asking(url, event.target);
    history.replaceState(null, "", url);
    load(url);
  }, TYPING_MS);
});

function asking(url, field) {
  if (field.value) url.searchParams.set(field.name, field.value);
  else url.searchParams.delete(field.name);
}

// Fields that narrow a list; what the address has besides stays.
const narrowing = one("form[data-narrow]");
const fields = narrowing ? [...narrowing.elements].filter((each) => each.name && each.type !== "hidden") : [];
function narrow() {
  const url = new URL(location.href);
  for (const name of ["page", "did", "changed"]) url.searchParams.delete(name);
  for (const field of fields) asking(url, field);
  history.pushState(null, "", url);
  load(url);
}
narrowing?.addEventListener("change", (event) => { if (event.target.type !== "search") narrow(); });
narrowing?.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
window.addEventListener("popstate", () => {
  for (const field of fields) field.value = new URL(location.href).searchParams.get(field.name) ?? "";
});
for (const button of all("[data-plain]")) button.hidden = true;  // what it does happens by itself
if (one("#search") && one("#search").value !== one("#search").defaultValue) one("#search").dispatchEvent(new Event("input"));

// ---- Verdicts as they come: one stream for all datasets on the page

let stream;
function follow() {
  stream?.close();
  const seen = all("[data-live]").map((each) => `${each.dataset.id}:${each.dataset.status}`);
  if (!seen.length) return;
  stream = new EventSource(`/datasets/events?${new URLSearchParams({ seen })}`);
  stream.addEventListener("card", (event) => arrived(JSON.parse(event.data)));
  stream.addEventListener("end", () => stream.close());
}

async function arrived({ id, html, said, is_live: isLive }) {
  const before = document.getElementById(`dataset-${id}`);
  if (before) {
    const after = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    after.classList.add("fresh");
    before.replaceWith(after);
  }
  document.dispatchEvent(new CustomEvent("verdict", { detail: { id, isLive } }));
  say(said);
  const fresh = await page(location.href);
  swap(fresh, ["#bell", "#filters", ...(one("[data-live].region") ? ["main"] : [])]);
}

// ---- Trainings as they go: what says where to ask is asked for anew, and swapped where it changed

const RENEW_MS = 3000;
const isHeld = (root) => !getSelection().isCollapsed && root.contains(getSelection().anchorNode);  // text is being chosen

function redraw(before, fresh) {
  const after = one(`#${before.id}`, fresh);
  if (before.outerHTML === after.outerHTML) return;
  for (const each of all("details[id][open]", before)) one(`#${each.id}`, after)?.setAttribute("open", "");
  const scrolled = all("[id]", before).filter((each) => each.scrollTop || each.scrollLeft);
  const places = scrolled.map((each) => [each.id, each.scrollLeft, each.scrollTop]);
  const focused = before.contains(document.activeElement) && document.activeElement.id;
  before.replaceWith(after);
  for (const [id, left, top] of places) document.getElementById(id)?.scrollTo(left, top);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  swap(fresh, ["#filters", "#bell"]);
  ready(after);
}

async function lookAgain() {
  const live = one("[data-renew]");
  try {
    if (live && !document.hidden && !isHeld(live)) {
      const fresh = await page(live.dataset.renew);
      if (one(`#${live.id}`, fresh)?.dataset.state !== live.dataset.state) {  // what stands around it changes with its state
        swap(await page(location.href), ["main", "#bell"]);
        ready(one("main"));
        say(one("main [data-says]")?.textContent ?? "");
      } else if (live.isConnected) redraw(live, fresh);
    }
  } catch { /* it is asked again */ }
  setTimeout(lookAgain, RENEW_MS);
}

function ready(root) {
  localTimes();
  for (const button of all("[data-copy]", root)) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    say("Copied");
  } catch {  // not allowed at this address: it is chosen, so that a key copies it
    getSelection().selectAllChildren(text);
    say("Press Ctrl+C to copy");
  }
});

// ---- Forms that show what their choices lead to

// What the rules say now, in every field but the one that somebody is in.
function renew(fresh) {
  if (!one("#settings .setting")) return;
  const names = (root) => all("#settings .setting", root).map((each) => each.id).join();
  if (names(document) !== names(fresh)) return swap(fresh, ["#settings"]);
  one("#settings summary").replaceWith(one("#settings summary", fresh));
  for (const before of all("#settings .setting")) {
    const after = fresh.getElementById(before.id);
    if (!before.contains(document.activeElement)) { before.replaceWith(after); continue; }
    const [mine, theirs] = [before, after].map((each) => one("input, select", each));
    mine.setAttribute("aria-invalid", theirs.getAttribute("aria-invalid"));
    if (mine.placeholder) mine.placeholder = theirs.placeholder;
    one(".because", before).replaceWith(one(".because", after));
  }
}

for (const form of all("form[data-plan]")) {
  const show = async () => {
    const isSaid = ([name, value]) => value || form.elements[name].dataset?.keep !== undefined;
    const url = `${location.pathname}?${new URLSearchParams([...new FormData(form)].filter(isSaid))}`;
    loading?.abort();
    loading = new AbortController();
    one("#plan").setAttribute("aria-busy", "true");
    try {
      const fresh = await page(url, loading.signal);
      for (const typed of all("#plan [data-typed]")) one(`#${typed.id}`, fresh)?.setAttribute("value", typed.value);
      swap(fresh, ["#plan", ...all("summary[id]", form).map((each) => `#${each.id}`)]);
      renew(fresh);
      history.replaceState(null, "", url);
      say(one("#plan [data-says]")?.textContent ?? "");
    } catch (error) {
      if (error.name !== "AbortError") say("The plan could not be made; try again");
    } finally { one("#plan").removeAttribute("aria-busy"); }
  };
  form.addEventListener("change", show);
}

ready(document);
one(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
follow();
setTimeout(lookAgain, RENEW_MS);
if (one("#upload")) (await import(one("#upload").dataset.script)).default({ one, all, say, follow });

// Chosen and dropped files, sent a few at a time, each with its own progress.
import { showCard } from "./card.js";
import { say } from "./say.js";

const SIDE_BY_SIDE = 3;
const WAIT_SECONDS = 20;

export function uploadFrom(form) {
  const input = form.querySelector("input[type=file]");
  const waiting = [];
  let sending = 0;

  const next = async () => {
    if (sending >= SIDE_BY_SIDE || waiting.length === 0) return;
    sending += 1;
    const { file, row } = waiting.shift();
    await upload(file, row, Number(form.dataset.limit));
    sending -= 1;
    next();
  };

  const add = (files) => {
    for (const file of files) {
      waiting.push({ file, row: addRow(file) });
      next();
    }
  };

  input.multiple = true;
  input.addEventListener("change", () => {
    add([...input.files]);
    form.reset();
  });
  acceptDrops(form, add);
}

function acceptDrops(form, add) {
  const holdsFiles = (event) => event.dataTransfer.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
}

function addRow(file) {
  const row = document.querySelector("#upload-row").content.firstElementChild.cloneNode(true);
  row.querySelector(".name").textContent = file.name;
  row.querySelector("progress").setAttribute("aria-label", `Uploading ${file.name}`);
  document.querySelector("#uploads").prepend(row);
  document.querySelector("main > section:has(.empty)")?.remove();
  return row;
}

async function upload(file, row, limit) {
  try {
    if (file.size > limit) {
      throw new Error(`The file is larger than the ${limit.toLocaleString("en")} bytes allowed.`);
    }
    const image = await send(file, row);
    row.classList.remove("card");
    row.replaceChildren(document.createElement("div"));
    await showCard(row.firstElementChild, image.id);
  } catch (error) {
    refuse(row, file.name, error.message);
  }
}

// XMLHttpRequest, because fetch does not tell how much of an upload has left.
function send(file, row) {
  const request = new XMLHttpRequest();
  const query = new URLSearchParams({ name: file.name, wait: WAIT_SECONDS });
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => {
      row.querySelector("progress").value = event.loaded / event.total;
    });
    request.upload.addEventListener("load", () => {
      row.querySelector("progress").removeAttribute("value");
      row.querySelector(".state").textContent = "In the works";
    });
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status < 300 && answer) resolve(answer);
      else if (request.status === 401) reject(new Error("You are logged out. Load the page again to log in."));
      else reject(new Error(answer ? `${answer.detail} ${answer.hint}` : "The service failed."));
    });
    request.addEventListener("error", () => {
      reject(new Error("The service cannot be reached. Try again in a moment."));
    });
    request.responseType = "json";
    request.open("POST", `${document.body.dataset.root}/v1/images?${query}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

function refuse(row, name, reason) {
  const state = row.querySelector(".state");
  state.textContent = "Refused";
  state.classList.add("rejected");
  const told = document.createElement("p");
  told.className = "reason";
  told.textContent = reason;
  row.querySelector("progress")?.replaceWith(told);
  say(`${name}: ${reason}`);
}

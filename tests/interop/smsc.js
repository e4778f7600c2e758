// A small SMS centre on the npm package "smpp", so that our client meets SMPP that we did not write.
//
// node smsc.js '{"password": "…", "tls": {"key": PATH, "cert": PATH} | null}' prints one JSON object a line about what
// it is told, and reads orders from its input, one JSON object a line: {"mo": {"from", "to", "text"}}, {"drop": true}.
// Texts are decoded and encoded by the package, long ones joined and cut here.

"use strict";

const fs = require("fs");
const readline = require("readline");
const smpp = require("smpp");

const settings = JSON.parse(process.argv[2]);
const tls = settings.tls && { key: fs.readFileSync(settings.tls.key), cert: fs.readFileSync(settings.tls.cert) };
const CONCATENATED_8 = 0x00;
const CONCATENATED_16 = 0x08;
const RECEIPT = 0x04;
const UCS_2 = 0x08;
const sessions = new Set();
const messages = new Map();
let lastId = 0x7f000000;

function tell(event, facts) {
  process.stdout.write(JSON.stringify({ event, ...facts }) + "\n");
}

// A client that takes deliveries: the first that bound so.
function hearer() {
  return [...sessions].find((session) => session.hears);
}

// Where a part stands: from its user data header or from the sar parameters, else null.
function place(pdu) {
  for (const element of (pdu.short_message && pdu.short_message.udh) || []) {
    if (element[0] === CONCATENATED_8) return { reference: element[2], total: element[3], number: element[4] };
    if (element[0] === CONCATENATED_16) {
      return { reference: element.readUInt16BE(2), total: element[4], number: element[5] };
    }
  }
  if (pdu.sar_total_segments === undefined) return null;
  return { reference: pdu.sar_msg_ref_num, total: pdu.sar_total_segments, number: pdu.sar_segment_seqnum };
}

function textOf(pdu) {
  const body = pdu.message_payload || pdu.short_message;
  return body.message;
}

function receipt(pdu, id) {
  const said = `id:${id} sub:001 dlvrd:001 submit date:2611220900 done date:2611220900 stat:DELIVRD err:000 text:`;
  return {
    source_addr_ton: pdu.dest_addr_ton,
    source_addr_npi: pdu.dest_addr_npi,
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: RECEIPT,
    short_message: said,
    receipted_message_id: id,
    message_state: smpp.MESSAGE_STATE.DELIVERED,
  };
}

function submitted(session, pdu) {
  const id = (++lastId).toString(16);
  messages.set(id, smpp.MESSAGE_STATE.ENROUTE);
  tell("submit", {
    id,
    from: pdu.source_addr,
    to: pdu.destination_addr,
    text: textOf(pdu),
    part: place(pdu),
    coding: pdu.data_coding,
    validity: pdu.validity_period,
  });
  session.send(pdu.response({ message_id: id }));
  messages.set(id, smpp.MESSAGE_STATE.DELIVERED);
  if (!pdu.registered_delivery || settings.receipts === false) return;
  hearer().deliver_sm(receipt(pdu, id), (answer) => tell("receipt", { id, status: answer.command_status }));
}

function queried(session, pdu) {
  tell("query", { id: pdu.message_id });
  const state = messages.get(pdu.message_id);
  const answer = state === undefined
    ? { command_status: smpp.ESME_RQUERYFAIL }
    : { message_id: pdu.message_id, final_date: new Date(), message_state: state };
  session.send(pdu.response(answer));
}

// A citizen's text as a phone would cut it.
function written({ from, to, text }) {
  const accented = smpp.encodings.detect(text) === "UCS2";
  const [alone, each] = accented ? [70, 67] : [160, 153];
  const total = text.length <= alone ? 1 : Math.ceil(text.length / each);
  let left = total;
  for (let number = 1; number <= total; number++) {
    const part = total === 1 ? text : text.slice((number - 1) * each, number * each);
    const udh = Buffer.from([5, CONCATENATED_8, 3, 42, total, number]);
    hearer().deliver_sm(
      {
        source_addr_ton: 1,
        source_addr_npi: 1,
        source_addr: from,
        destination_addr: to,
        data_coding: accented ? UCS_2 : 0,
        short_message: total === 1 ? part : { udh, message: part },
      },
      (answer) => {
        if (--left === 0) tell("mo", { parts: total, status: answer.command_status });
      },
    );
  }
}

function welcomed(session) {
  sessions.add(session);
  session.on("close", () => sessions.delete(session));
  session.on("error", () => session.destroy());
  for (const kind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(kind, (pdu) => {
      const right = pdu.password === settings.password;
      tell("bind", { kind, account: pdu.system_id, right, secure: Boolean(session.socket.encrypted) });
      session.hears = right && kind !== "bind_transmitter";
      session.send(pdu.response({ command_status: right ? smpp.ESME_ROK : smpp.ESME_RINVPASWD, system_id: "npm" }));
    });
  }
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("query_sm", (pdu) => queried(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    tell("unbind", {});
    session.send(pdu.response(), () => session.close());
  });
}

const server = smpp.createServer(tls || {}, welcomed);
server.listen(0, "127.0.0.1", () => tell("listening", { port: server.address().port }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.mo) written(order.mo);
  if (order.drop) sessions.forEach((session) => session.destroy());
}).on("close", () => process.exit(0));

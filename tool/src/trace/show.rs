//! A trace for people: a line for each event.

use super::log::{Event, descriptor};
use warpdrive::bd::zip::{Request, Sqe, Status};

/// All lines.
pub fn text(events: &[Event], verbose: bool) -> String {
    events.iter().map(|event| line(event, verbose)).collect()
}

fn line(event: &Event, verbose: bool) -> String {
    match event {
        Event::Queue {
            queue,
            device,
            simulated,
            api,
            kind,
            sq_depth,
            ..
        } => {
            let simulated = if *simulated { ", simulated" } else { "" };
            let kind = match kind {
                0 => "compresses",
                1 => "decompresses",
                _ => "of another type",
            };
            format!("queue {queue}: {device} ({api}{simulated}), {kind}, {sq_depth} entries\n")
        }
        Event::Submit {
            queue,
            ns,
            slot,
            descriptor: bytes,
            ..
        } => {
            let head = head(*ns, *queue, *slot, "submit  ");
            body(&head, bytes, verbose, asked)
        }
        Event::Complete {
            queue,
            ns,
            slot,
            descriptor: bytes,
            ..
        } => {
            let head = head(*ns, *queue, *slot, "complete");
            body(&head, bytes, verbose, answered)
        }
    }
}

/// What a descriptor on its way to the device says.
fn asked(sqe: &Sqe) -> String {
    let mut text = format!(
        "{} in {} at {:#x}, room {} at {:#x}",
        name(sqe.request),
        sqe.input_length,
        sqe.source,
        sqe.output_space,
        sqe.destination
    );
    for (is, word) in [
        (sqe.stateful, "stream"),
        (sqe.stateful && sqe.new_stream, "new"),
        (sqe.finish, "last"),
    ] {
        if is {
            text = text + ", " + word;
        }
    }
    text
}

/// What a descriptor says when it comes back.
fn answered(sqe: &Sqe) -> String {
    format!(
        "{} (status {:#04x}), consumed {}, produced {}, checksum {:#010x}",
        meaning(sqe.status),
        sqe.status,
        sqe.consumed,
        sqe.produced,
        sqe.checksum
    )
}

fn head(ns: u64, queue: u32, slot: u16, what: &str) -> String {
    let us = ns as f64 / 1e3;
    format!("{us:12.1} us  queue {queue}  slot {slot:5}  {what}  ")
}

fn body(head: &str, bytes: &str, verbose: bool, short: impl Fn(&Sqe) -> String) -> String {
    let Some(bytes) = descriptor(bytes) else {
        return format!("{head}no descriptor\n");
    };
    let sqe = Sqe::decode(&bytes);
    let mut text = format!("{head}{}\n", short(&sqe));
    if verbose {
        for line in format!("{sqe:#x?}").lines() {
            text += &format!("    {line}\n");
        }
    }
    text
}

fn name(request: u8) -> &'static str {
    match Request::from_code(request) {
        Some(Request::Deflate) => "deflate",
        Some(Request::Zlib) => "zlib",
        Some(Request::Gzip) => "gzip",
        Some(Request::Lz4) => "lz4",
        Some(Request::Lz77Only) => "lz77_only",
        Some(Request::Lz77OnlyPrice) => "lz77_only by price",
        Some(Request::Lz77Zstd) => "lz77_zstd",
        Some(Request::Lz77ZstdPrice) => "lz77_zstd by price",
        None => "unknown request",
    }
}

fn meaning(status: u8) -> &'static str {
    match Status::from_code(status) {
        Status::Ok => "ok",
        Status::Expanded => "ok, larger than the input",
        Status::NoSpace => "no room",
        Status::Checksum => "wrong checksum",
        Status::StreamEnd => "end of stream",
        Status::Failed(_) => "failed",
    }
}

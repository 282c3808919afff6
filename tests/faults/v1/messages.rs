//! Messages: `wd_send` and `wd_recv`.

use super::super::request::Random;
use super::{Ended, Life, PATIENCE, REFUSED, Task};
use std::ffi::c_void;
use std::time::{Duration, Instant};
use warpdrive::capi::v1::wd::*;
use warpdrive::ctypes::v1::wd::{WD_EBUSY, WD_EIO, WD_ENODEV, WD_HW_EACCESS};
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_flush_type::WCRYPTO_FINISH;
pub use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_msg as Message;

const DEAD: i32 = -WD_HW_EACCESS;
const GONE: i32 = -WD_ENODEV;

/// A message on its way.
pub struct Sent {
    pub task: Task,
    message: Box<Message>,
}

/// What a call of `wd_recv` came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Took {
    One,
    Nothing,
    /// Nothing comes any more.
    Dead,
}

impl Sent {
    fn new(life: &Life<'_>, random: &mut Random) -> Option<Sent> {
        let task = Task::new(&life.line, random)?;
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut message: Box<Message> = Box::new(unsafe { std::mem::zeroed() });
        (message.alg_type, message.op_type) = (life.line.format, life.line.way);
        (message.flush_type, message.stream_pos) = (WCRYPTO_FINISH as u8, 1);
        (message.comp_lv, message.win_size) = (8, 4);
        (message.src, message.in_size) = (task.lent.source(), task.lent.copy.len() as u32);
        (message.dst, message.avail_out) = (task.lent.target(), task.lent.room as u32);
        message.tag = 1 + random.below(3) as u32;
        Some(Sent { task, message })
    }
}

impl Life<'_> {
    /// Sends some messages and receives some. Whether the queue takes more.
    pub fn messages(&mut self, random: &mut Random) -> bool {
        for _ in 0..random.below(8) {
            // Without blocks it can only be released.
            let Some(mut sent) = Sent::new(self, random) else {
                return false;
            };
            self.counts.sent += 1;
            let message = &raw mut *sent.message;
            // SAFETY: message and buffers stay until they come back, or the queue is released.
            let answer = unsafe { wd_send(&mut *self.line.queue, message.cast()) };
            if answer == 0 {
                self.out.insert(message.addr(), sent);
                continue;
            }
            assert!(REFUSED.contains(&answer), "sending: {answer}");
            self.counts.refused += 1;
            if answer != -WD_EBUSY {
                self.until(0, random);
                return false;
            }
        }
        self.until(random.below(6) as usize, random)
    }

    /// Receives until no more than so many are on their way. Whether the queue may have more.
    fn until(&mut self, left: usize, random: &mut Random) -> bool {
        let mut end = Instant::now() + PATIENCE;
        while self.out.len() > left {
            match self.receive(random) {
                Took::One => end = Instant::now() + PATIENCE,
                Took::Dead => return false,
                Took::Nothing if Instant::now() > end => return false,
                Took::Nothing => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        true
    }

    /// Receives a message, any or one with a tag.
    pub fn receive(&mut self, random: &mut Random) -> Took {
        let tag = match random.below(4) {
            0 => self.out.values().next().map_or(0, |sent| sent.message.tag),
            _ => 0,
        };
        let mut back = tag as usize as *mut c_void;
        let queue = &raw mut *self.line.queue;
        let answer = match random.below(2) {
            // SAFETY: an open queue, and a pointer of ours.
            0 => unsafe { wd_recv(queue, &mut back) },
            // SAFETY: as above.
            _ => unsafe { wd_recv_sync(queue, &mut back, 1) },
        };
        match answer {
            1 => self.answered(back),
            DEAD if !back.is_null() => self.answered(back),
            DEAD => {
                assert!(tag != 0 || self.out.is_empty(), "messages are missing");
                return if tag == 0 { Took::Dead } else { Took::Nothing };
            }
            // It cannot be waited.
            GONE => return Took::Nothing,
            // A completion of nothing.
            answer => {
                assert!(answer == 0 || answer == -WD_EIO, "receiving: {answer}");
                return Took::Nothing;
            }
        }
        Took::One
    }

    fn answered(&mut self, back: *mut c_void) {
        let sent = self.out.remove(&back.addr());
        let Sent { task, message } = sent.expect("sent, and not answered yet");
        let ended = Ended {
            status: message.status,
            consumed: message.in_cons,
            produced: message.produced,
        };
        task.judge(ended, self.counts);
        self.keep(task, Some(message), ended.is_late());
    }
}

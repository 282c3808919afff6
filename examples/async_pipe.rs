//! A queue as a pipe that is kept full: `async_pipe [REQUESTS]`. Sends until the queue takes no
//! more, receives one, and goes on; nothing ever waits while there is room.

#![expect(unsafe_code, reason = "promises the device memory that stays")]

mod zip;

use warpdrive::Error;
use warpdrive::bd::zip::Request;
use warpdrive::queue::Direction;
use warpdrive::sys::lent::Promise;
use zip::{Result, Zip};

const SIZE: usize = 4096;
const SPACE: usize = 2 * SIZE;
/// More than a queue takes at a time.
const MOST: usize = 4096;

fn main() -> Result<()> {
    let wanted: usize = std::env::args().nth(1).map_or(Ok(20_000), |n| n.parse())?;
    let text = b"the quick brown fox ".iter().cycle();
    let mut input: Vec<u8> = text.take(SIZE).copied().collect();
    let mut outputs = vec![0; MOST * SPACE];
    // SAFETY: `input` and `outputs` live longer than the queue. The input is only read, and a part of the
    // outputs is used again when its answer is there.
    let promise = unsafe { Promise::given() };
    let zip = Zip::open(Request::Zlib, Direction::Compress, promise)?;
    zip.share(&mut input)?;
    zip.share(&mut outputs)?;

    // A tag says which part of `outputs` a request has.
    let mut free: Vec<usize> = (0..MOST).collect();
    let (mut sent, mut received, mut full, mut most) = (0, 0, 0, 0);
    while received < wanted {
        while let Some(tag) = free.pop_if(|_| sent < wanted) {
            let output = &mut outputs[tag * SPACE..][..SPACE];
            match zip.send(tag, &input, output) {
                Ok(()) => sent += 1,
                Err(Error::Busy) => {
                    full += 1;
                    free.push(tag);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        most = most.max(sent - received);
        // Takes what is there; waits only if nothing is.
        let (tag, _) = zip.receive()?;
        free.push(tag);
        received += 1;
    }
    println!("{}", zip.report()?);
    println!("{received} requests, at most {most} at a time, the queue was full {full} times");
    Ok(())
}

//! Requests that are posted while others take what the device has left.

use super::*;
use crate::sys::slots::Posted;
use core::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

#[derive(Clone, Copy)]
struct Msg(u32);

impl Message for Msg {
    type Request = ();
    const BLANK: Msg = Msg(0);
    fn tag(&self) -> u32 {
        self.0
    }
    fn set_tag(&mut self, tag: u32) {
        self.0 = tag;
    }
    fn finish(&self, _: &Msg) {}
    fn fail(&mut self) {}
    fn weight(&self) -> (u32, u32, bool) {
        (1, 1, false)
    }
}

/// An engine that never takes a request, and what happens before it says so.
struct Refusing<F: Fn() + Send + Sync> {
    first: F,
    /// What was to be posted last.
    tag: AtomicU32,
    /// Answers to it that there are.
    answers: AtomicUsize,
    /// How long giving up takes.
    slow: Duration,
}

impl<F: Fn() + Send + Sync> Engine<Msg> for Refusing<F> {
    fn path(&self, _: usize) -> Path {
        Path::Simulated
    }
    fn send(&self, _: usize, _: &mut Msg) -> Result<()> {
        Err(Error::DeviceReset)
    }
    fn post(&self, _: usize, message: Posted<'_, Msg>) -> Result<()> {
        self.tag.store(message.copy().0, Ordering::Relaxed);
        (self.first)();
        Err(Error::DeviceReset)
    }
    fn receive(&self, _: usize, message: &mut Msg) -> Result<()> {
        if self.answers.swap(0, Ordering::Relaxed) == 0 {
            return Err(Error::Again);
        }
        message.0 = self.tag.load(Ordering::Relaxed);
        Ok(())
    }
    fn reset(&self, _: usize) -> Result<()> {
        thread::sleep(self.slow);
        Ok(())
    }
}

/// A seat with 4 slots and an engine that does `first` before it refuses a request, and then has so
/// many answers to it.
fn seat(first: impl Fn() + Send + Sync + 'static, answers: usize) -> Seat<Msg> {
    let seat = Seat::default();
    let engine = Refusing {
        first,
        tag: AtomicU32::new(0),
        answers: AtomicUsize::new(answers),
        slow: Duration::from_millis(2),
    };
    let engine: SharedEngine<Msg> = Arc::new(Box::new(engine));
    seat.fill(1, &engine, Some(4)).expect("nobody is inside");
    seat
}

#[test]
fn a_request_that_is_answered_while_it_is_refused_was_posted() {
    let place: Arc<Mutex<Option<Arc<Seat<Msg>>>>> = Arc::default();
    let here = Arc::clone(&place);
    let taken = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&taken);
    let first = move || {
        let seat = here.lock().clone().expect("put there");
        told.store(seat.take(0).is_ok(), Ordering::Relaxed);
    };
    let seat = Arc::new(seat(first, 1));
    *place.lock() = Some(Arc::clone(&seat));
    assert_eq!(seat.post(0, 1, |_| ()), Ok(()));
    assert!(taken.load(Ordering::Relaxed));
    assert_eq!(seat.flying(), 0);
    // Without an answer it is refused, and nothing comes back for it.
    assert_eq!(seat.post(0, 1, |_| ()), Err(Error::DeviceReset));
    assert!(!taken.load(Ordering::Relaxed));
    assert_eq!((seat.flying(), seat.take(0).err()), (0, Some(Error::Again)));
    *place.lock() = None;
}

#[test]
fn a_request_is_refused_or_left_to_the_helper_when_its_device_is_given_up_meanwhile() {
    // It takes some turns until the one who gives up is the first to take answers again.
    let mut helped = 0;
    while helped < 3 {
        let (inside, ready) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (told, wait) = (Arc::clone(&inside), Arc::clone(&ready));
        let first = move || {
            told.store(true, Ordering::Release);
            let ready: &AtomicBool = &wait;
            while !ready.load(Ordering::Acquire) {
                thread::yield_now();
            }
            // The other one enters the gate of those who take answers.
            thread::sleep(Duration::from_millis(1));
        };
        let seat = seat(first, 0);
        let (posted, taken) = thread::scope(|scope| {
            // The gate leans towards nobody when several have come.
            scope.spawn(|| seat.take(0).err()).join().expect("no panic");
            assert_eq!(seat.take(0).err(), Some(Error::Again));
            let posting = scope.spawn(|| seat.post(0, 1, |_| ()));
            while !inside.load(Ordering::Acquire) {
                thread::yield_now();
            }
            ready.store(true, Ordering::Release);
            assert!(seat.give_up(0));
            let taken = seat.take(0);
            (posting.join().expect("no panic"), taken)
        });
        match taken {
            Ok(Taken::Undone(_)) => {
                assert_eq!(posted, Ok(()), "refused, and called back for");
                helped += 1;
            }
            Err(Error::Again) if posted.is_err() => {}
            _ => panic!("posted: {posted:?}"),
        }
        assert_eq!(seat.take(0).err(), Some(Error::Again));
        assert_eq!(seat.flying(), 0);
    }
}

#[test]
fn what_is_refused_in_a_handler_that_interrupted_taking_comes_back_when_the_device_is_given_up() {
    let seat = seat(|| {}, 0);
    let inside = seat.inward.0.0.enter().expect("nobody is inside");
    assert_eq!(seat.post(0, 1, |_| ()), Ok(()));
    drop(inside);
    assert_eq!((seat.flying(), seat.take(0).err()), (1, Some(Error::Again)));
    assert!(seat.give_up(0));
    assert!(matches!(seat.take(0), Ok(Taken::Undone(_))));
    assert_eq!((seat.flying(), seat.take(0).err()), (0, Some(Error::Again)));
}

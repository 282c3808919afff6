//! Doorbells. The MMIO region is mapped without the permission to write, so that a store to it
//! raises SIGSEGV; the handler reads from the instruction what it stores, gives it to the
//! queue, and steps over the instruction. The program sees a store that took longer.
//!
//! The program keeps its own handler: it sets and asks for it as ever ([`act`]), and gets the faults
//! that are not ours, with the signal mask that the kernel would have given it.

#![expect(
    unsafe_code,
    reason = "a signal handler, and the registers of what it interrupts"
)]

use crate::decode::{Also, From, Store};
use crate::next;
use crate::quiet::{full, without_faults};
use crate::served::made;
use core::ffi::{c_int, c_void};
use core::fmt::Write;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use libc::{sigaction, siginfo_t, ucontext_t};
use warpdrive::sys::{pages, peer};

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64::{Machine, decode};
#[cfg(target_arch = "x86_64")]
use x86_64::{Machine, decode};

/// The most bytes that an instruction has.
const LONGEST: usize = 15;

/// Whether the handler is in its place.
static SET: AtomicBool = AtomicBool::new(false);
/// What the program wants done.
static PROGRAMS: AtomicPtr<Kept> = AtomicPtr::new(ptr::null_mut());

/// An action that the program has set. None is ever freed: a handler may be looking at it. They are
/// chained, so that nobody takes them for lost.
struct Kept {
    action: sigaction,
    before: *mut Kept,
}

/// Puts the handler in its place, before the first doorbell is mapped. Signals are blocked.
pub fn set() {
    // Acquire pairs with the Release below: who sees the flag has the handler. Two threads may both
    // set it; the second finds the first one's, and leaves it.
    if SET.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut ours: sigaction = unsafe { core::mem::zeroed() };
    let mut before = ours;
    ours.sa_sigaction = on_fault as *const () as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // No handler of the program in the middle of ours.
    ours.sa_mask = without_faults(full());
    // SAFETY: a structure to be filled.
    unsafe { next::sigaction(libc::SIGSEGV, ptr::null(), &raw mut before) };
    if before.sa_sigaction != ours.sa_sigaction {
        keep(before);
        // SAFETY: a valid action; the handler is safe where a store to a doorbell is (see there).
        unsafe { next::sigaction(libc::SIGSEGV, &raw const ours, ptr::null_mut()) };
    }
    SET.store(true, Ordering::Release);
}

/// Notes the action that the program wants, and gives the one that it wanted before.
fn keep(action: sigaction) -> *mut Kept {
    let mut before = PROGRAMS.load(Ordering::Acquire);
    let kept = Box::into_raw(Box::new(Kept { action, before }));
    // AcqRel: the action is written before it is seen.
    while let Err(other) =
        PROGRAMS.compare_exchange(before, kept, Ordering::AcqRel, Ordering::Acquire)
    {
        before = other;
        // SAFETY: nobody else has it yet.
        unsafe { (*kept).before = before };
    }
    before
}

/// `sigaction(SIGSEGV, …)` as the program has it, once the handler is in its place. `false` before.
///
/// # Safety
/// As `sigaction(2)`.
pub unsafe fn act(new: *const sigaction, old: *mut sigaction) -> bool {
    if !SET.load(Ordering::Acquire) {
        return false;
    }
    // SAFETY: the caller's promise: null or an action.
    let before = match unsafe { new.as_ref() } {
        Some(new) => keep(*new),
        None => PROGRAMS.load(Ordering::Acquire),
    };
    if !old.is_null() {
        // SAFETY: never null once the handler is set, and never freed.
        let before = unsafe { (*before).action };
        // SAFETY: the caller's promise: to be filled.
        unsafe { old.write(before) };
    }
    true
}

/// The handler of SIGSEGV.
///
/// For a store to a doorbell it calls the simulation, which takes locks and may allocate. The signal
/// is one that an instruction of the program has raised, at a place that the program has chosen, so
/// that this is no other than a call at that place.
extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let errno = next::errno();
    // SAFETY: the kernel passes a valid siginfo.
    let told = unsafe { &*info };
    // SAFETY: the kernel passes the registers, which nobody else uses meanwhile.
    let mut machine = Machine(unsafe { &mut *context.cast::<ucontext_t>() });
    // SAFETY: SIGSEGV fills the address.
    let address = unsafe { told.si_addr() } as usize;
    // A positive code says that an instruction raised it, not `kill`.
    let fault = told.si_code > 0;
    if !(fault && doorbell(&mut machine, address)) {
        // SAFETY: as they came from the kernel.
        unsafe { pass_on(fault, signal, info, context) };
    }
    next::set_errno(errno);
}

/// Does what the interrupted instruction would have done at `address`. `false` if that is no
/// doorbell, or the instruction is not one that is known; that is said then.
fn doorbell(machine: &mut Machine<'_>, address: usize) -> bool {
    let Some(served) = made() else { return false };
    let Some((file, offset)) = served.regions.doorbell(address) else {
        return false;
    };
    let at = machine.program_counter();
    let (code, len) = code(at);
    let Ok(store) = decode(&code[..len]) else {
        complain(at, "is no store that can be followed", &code[..len]);
        return false;
    };
    if !file.store(offset, value(machine, &store), store.width) {
        complain(
            at,
            "is a store to a part of the doorbell, ignored",
            &code[..len],
        );
    }
    finish(machine, &store);
    true
}

/// What a store stores.
fn value(machine: &Machine<'_>, store: &Store) -> u64 {
    let whole = match store.from {
        From::Register(number) => machine.register(number),
        From::HighByte(number) => machine.register(number) >> 8,
        From::Value(value) => value,
    };
    whole & u64::MAX >> (64 - 8 * u32::from(store.width))
}

/// Leaves the registers as the instruction would.
fn finish(machine: &mut Machine<'_>, store: &Store) {
    match (store.also, store.from) {
        // The page reads as zeros. A register of 32 bits is zeroed above, a smaller one kept.
        (Also::Exchange, From::Register(number)) => {
            let kept = match store.width {
                1 | 2 => machine.register(number) & u64::MAX << (8 * store.width),
                _ => 0,
            };
            machine.set_register(number, kept);
        }
        (Also::Exchange, From::HighByte(number)) => {
            machine.set_register(number, machine.register(number) & !0xff00);
        }
        (Also::Move(number, distance), _) => machine.move_address(number, distance),
        _ => {}
    }
    machine.step(store.len);
}

/// The bytes from `at` on, as many as there are.
fn code(at: u64) -> ([u8; LONGEST], usize) {
    let mut code = [0; LONGEST];
    // The instruction may end before its page does, and the next may not be there.
    let rest = pages::size() - at as usize % pages::size();
    let (first, second) = code.split_at_mut(LONGEST.min(rest));
    let (first_len, all) = (first.len(), LONGEST);
    if peer::read(at, first).is_err() {
        return (code, 0);
    }
    let more = peer::read(at + first_len as u64, second).is_ok();
    (code, if more { all } else { first_len })
}

/// One line to the standard error, without allocating: the program is about to die, maybe of a lack
/// of memory.
fn complain(at: u64, what: &str, code: &[u8]) {
    struct Line([u8; 200], usize);
    impl Write for Line {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            for byte in text.bytes() {
                *self.0.get_mut(self.1).ok_or(core::fmt::Error)? = byte;
                self.1 += 1;
            }
            Ok(())
        }
    }
    let mut line = Line([0; 200], 0);
    let _ = write!(line, "libwd_sim: the instruction at {at:#x} {what}:");
    for byte in code {
        let _ = write!(line, " {byte:02x}");
    }
    let _ = line.write_str("\n");
    // SAFETY: a text and its length.
    unsafe { libc::write(2, line.0.as_ptr().cast(), line.1) };
}

/// Does what would have happened without us.
///
/// # Safety
/// The arguments are those of a signal handler, and it is called by one.
unsafe fn pass_on(fault: bool, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: null, or of `keep`, which never frees.
    let kept = unsafe { PROGRAMS.load(Ordering::Acquire).as_ref() };
    let action = kept.map(|kept| &kept.action);
    let handler = action.map_or(libc::SIG_DFL, |action| action.sa_sigaction);
    let Some(action) = action.filter(|_| handler != libc::SIG_DFL && handler != libc::SIG_IGN)
    else {
        if handler == libc::SIG_DFL || fault {
            die(fault, signal);
        }
        return;
    };
    if action.sa_flags & libc::SA_RESETHAND != 0 {
        // SAFETY: all-zero bytes are a valid sigaction: the default one.
        keep(unsafe { core::mem::zeroed() });
    }
    // SAFETY: the caller's promise.
    let interrupted = unsafe { &*context.cast::<ucontext_t>() };
    let mask = mask(&interrupted.uc_sigmask, action, signal);
    // SAFETY: an initialised set.
    unsafe { next::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, ptr::null_mut()) };
    if action.sa_flags & libc::SA_SIGINFO != 0 {
        // SAFETY: the program gave this address with SA_SIGINFO, so it has this type.
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
            unsafe { core::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: the program gave this address without SA_SIGINFO, so it has this type.
        let handler: extern "C" fn(c_int) = unsafe { core::mem::transmute(handler) };
        handler(signal);
    }
}

/// The signal mask that a handler runs with: that of what it interrupts, its own, and its signal.
fn mask(interrupted: &libc::sigset_t, action: &sigaction, signal: c_int) -> libc::sigset_t {
    let mut mask = *interrupted;
    for number in 1..=libc::SIGRTMAX() {
        let own = number == signal && action.sa_flags & libc::SA_NODEFER == 0;
        // SAFETY: an initialised set.
        if own || unsafe { libc::sigismember(&raw const action.sa_mask, number) } == 1 {
            // SAFETY: as above.
            unsafe { libc::sigaddset(&raw mut mask, number) };
        }
    }
    mask
}

/// Puts the default action in our place. The instruction raises the signal again then.
fn die(fault: bool, signal: c_int) {
    // SAFETY: all-zero bytes are a valid sigaction: the default one.
    let default: sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: a valid action.
    unsafe { next::sigaction(signal, &raw const default, ptr::null_mut()) };
    if !fault {
        // No instruction does. It waits until the handler has returned.
        // SAFETY: raise takes an integer.
        unsafe { libc::raise(signal) };
    }
}

/// A set of signals as the program may block it: a doorbell in a thread that blocks SIGSEGV would
/// kill it.
///
/// # Safety
/// As for the functions that take such a pointer: null, or a set.
pub unsafe fn unblocked(set: *const libc::sigset_t) -> Option<libc::sigset_t> {
    // SAFETY: the caller's promise.
    let mut set = unsafe { set.as_ref().copied() }?;
    // SAFETY: an initialised set.
    unsafe { libc::sigdelset(&raw mut set, libc::SIGSEGV) };
    Some(set)
}

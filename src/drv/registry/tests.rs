use super::*;

/// A driver that cannot be bound.
struct Fake(Identity);

impl Driver for Fake {
    fn identity(&self) -> &Identity {
        &self.0
    }

    fn usage(&self, device: &str, op_type: u8) -> Result<u32> {
        match op_type {
            0 => Ok(u32::try_from(device.len()).expect("short")),
            1 => Err(Error::Os(libc::EACCES)),
            _ => Err(Error::Unsupported),
        }
    }
}

fn identity(algorithm: &str, driver: &str, priority: i32, kind: alg_dev_type) -> Identity {
    Identity {
        driver: driver.to_owned(),
        algorithm: algorithm.to_owned(),
        priority,
        kind,
        queue_num: 1,
        op_type_num: 1,
    }
}

fn fake(algorithm: &str, driver: &str, priority: i32, kind: alg_dev_type) -> Arc<dyn Driver> {
    Arc::new(Fake(identity(algorithm, driver, priority, kind)))
}

fn soft(algorithm: &str, driver: &str, priority: i32) -> Arc<dyn Driver> {
    fake(algorithm, driver, priority, alg_dev_type::UADK_ALG_SOFT)
}

fn hard(algorithm: &str, driver: &str, priority: i32) -> Arc<dyn Driver> {
    fake(algorithm, driver, priority, alg_dev_type::UADK_ALG_HW)
}

fn none(_: &str) -> bool {
    false
}

/// The machine has a device of this name.
fn device(name: &'static str) -> impl Fn(&str) -> bool {
    move |prefix| name.starts_with(prefix)
}

/// The name of the software driver that an algorithm gets.
fn given(algorithm: &str) -> Option<String> {
    let lease = request(algorithm, Kind::Software, &none)?;
    Some(lease.identity().driver.clone())
}

fn entries(algorithm: &str) -> Vec<Entry> {
    let mut all = list(&none);
    all.retain(|entry| entry.identity.algorithm == algorithm);
    all
}

#[test]
fn the_driver_with_the_greatest_priority_is_given_out() {
    for (name, priority) in [("low", 0), ("high", 200), ("middle", 100)] {
        register(soft("t-greatest", name, priority), &none).expect("software");
    }
    assert_eq!(given("t-greatest").as_deref(), Some("high"));
    assert_eq!(given("t-greates"), None);
}

#[test]
fn of_drivers_with_the_same_priority_the_first_registered_is_given_out() {
    for name in ["first", "second"] {
        register(soft("t-tie", name, 7), &none).expect("software");
    }
    assert_eq!(given("t-tie").as_deref(), Some("first"));
    unregister(&identity("t-tie", "first", 7, alg_dev_type::UADK_ALG_SOFT));
    register(soft("t-tie", "first", 7), &none).expect("software");
    assert_eq!(given("t-tie").as_deref(), Some("second"), "now the first");
}

#[test]
fn a_driver_with_a_negative_priority_is_never_given_out() {
    register(soft("t-negative", "shy", -1), &none).expect("software");
    assert_eq!(given("t-negative"), None);
    assert_eq!(entries("t-negative").len(), 1);
}

#[test]
fn the_same_driver_again_is_no_error_and_no_second_entry() {
    for _ in 0..2 {
        register(soft("t-same", "one", 5), &none).expect("software");
    }
    assert_eq!(entries("t-same").len(), 1);
    register(soft("t-same", "one", 6), &none).expect("another priority");
    register(soft("t-same", "two", 5), &none).expect("another name");
    let kind = hard("t-same", "one", 5);
    register(kind, &device("one-0")).expect("another kind");
    assert_eq!(entries("t-same").len(), 4);
}

#[test]
fn a_driver_of_devices_needs_one_whose_name_begins_with_its_own() {
    let driver = hard("t-device", "t_zip", 100);
    for other in ["t_zi-0", "xt_zip-0", ""] {
        let answer = register(Arc::clone(&driver), &device(other));
        assert_eq!(answer, Err(Error::NoDevice), "{other}");
    }
    assert!(entries("t-device").is_empty());
    register(driver, &device("t_zip-3")).expect("there is a device");
    let ask = |name| request("t-device", Kind::Hardware, &device(name)).is_some();
    assert!(ask("t_zip-3"));
    assert!(!ask("t_sec-3"), "the device has gone");
}

#[test]
fn a_software_driver_can_be_used_everywhere() {
    assert_eq!(register(soft("t-soft", "plain", 0), &none), Ok(()));
    assert_eq!(given("t-soft").as_deref(), Some("plain"));
}

#[test]
#[cfg(not(target_arch = "aarch64"))]
fn drivers_of_instructions_that_the_processor_lacks_are_not_registered() {
    use alg_dev_type::{UADK_ALG_CE_INSTR, UADK_ALG_SVE_INSTR};
    for (algorithm, kind) in [
        ("sm3", UADK_ALG_CE_INSTR),
        ("cbc(sm4)", UADK_ALG_CE_INSTR),
        ("t-ce", UADK_ALG_CE_INSTR),
        ("sm3", UADK_ALG_SVE_INSTR),
    ] {
        let answer = register(fake(algorithm, "t-instructions", 1, kind), &none);
        assert_eq!(answer, Err(Error::NoDevice), "{algorithm}");
    }
}

#[test]
fn hardware_and_software_are_asked_for_apart() {
    let there = device("t_both-0");
    register(soft("t-both", "soft", 999), &there).expect("software");
    register(hard("t-both", "t_both", 1), &there).expect("there is a device");
    let ask = |kind| {
        let lease = request("t-both", kind, &there).expect("registered");
        lease.identity().driver.clone()
    };
    assert_eq!(ask(Kind::Hardware), "t_both");
    assert_eq!(ask(Kind::Software), "soft");
}

#[test]
fn a_disabled_driver_is_passed_over_until_it_is_enabled() {
    let there = device("t_off-0");
    register(hard("t-off", "t_off", 9), &there).expect("there is a device");
    let ask = || request("t-off", Kind::Hardware, &there);
    let lease = ask().expect("registered");
    disable(&lease);
    assert!(ask().is_none());
    assert!(!entries("t-off")[0].available);
    enable(lease.identity(), &none);
    assert!(ask().is_none(), "its device has gone");
    enable(lease.identity(), &there);
    assert!(ask().is_some());
    disable_named(lease.identity());
    assert!(ask().is_none());
}

#[test]
fn users_are_counted_and_there_are_never_less_than_none() {
    register(soft("t-count", "one", 1), &none).expect("software");
    let users = || entries("t-count")[0].references;
    let take = || request("t-count", Kind::Software, &none).expect("registered");
    let (first, second) = (take(), take());
    assert_eq!(users(), 2);
    let named = first.identity().clone();
    drop(first);
    assert_eq!(users(), 1);
    let _ = second.keep();
    assert_eq!(users(), 1);
    release(&named);
    release(&named);
    assert_eq!(users(), 0);
}

#[test]
fn an_unregistered_driver_serves_its_users_and_nobody_else() {
    register(soft("t-gone", "one", 1), &none).expect("software");
    let lease = request("t-gone", Kind::Software, &none).expect("registered");
    unregister(lease.identity());
    assert!(entries("t-gone").is_empty());
    assert_eq!(given("t-gone"), None);
    assert_eq!(lease.identity().driver, "one");
    unregister(lease.identity());
}

#[test]
fn a_driver_that_comes_and_goes_for_ever_has_one_record() {
    let driver = soft("t-again", "one", 1);
    for _ in 0..200 {
        register(Arc::clone(&driver), &none).expect("software");
        unregister(driver.identity());
    }
    let own = |record: &&'static Record| record.is_of(driver.identity());
    assert_eq!(record::all().filter(own).count(), 1);
    register(Arc::clone(&driver), &none).expect("software");
    assert_eq!(given("t-again").as_deref(), Some("one"));
}

#[test]
fn a_name_without_room_in_cs_structure_is_invalid() {
    let long = "n".repeat(ALG_NAME_SIZE);
    for driver in [soft(&long, "one", 1), soft("t-long", &long, 1)] {
        assert_eq!(register(driver, &none), Err(Error::Invalid));
    }
    assert_eq!(register(soft(&long[1..], "one", 1), &none), Ok(()));
}

#[test]
fn the_drivers_of_a_device_are_asked_how_busy_it_is() {
    let there = device("t_busy-0");
    register(hard("gather", "t_busy", 1), &there).expect("there is a device");
    let ask = |name: &str, class: &str, op| usage(name, class, op, &there);
    assert_eq!(ask("t_busy-12", "gather", 0), Ok(9));
    let nobody = Err(Error::Os(libc::EACCES));
    assert_eq!(ask("t_busy-12", "gather", 1), nobody, "not initialised");
    assert_eq!(ask("t_busy-12", "gather", 2), Err(Error::Invalid));
    assert_eq!(ask("t_busy12", "gather", 0), nobody);
    assert_eq!(ask("t_other-1", "gather", 0), nobody);
    assert_eq!(ask("t_busy-12", "udma", 0), nobody);
}

#[test]
fn threads_that_register_the_same_driver_make_one_entry() {
    let one = || register(soft("t-race", "one", 1), &none);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| one().expect("software"));
        }
    });
    assert_eq!(entries("t-race").len(), 1);
}

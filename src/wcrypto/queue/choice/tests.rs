//! Which devices are chosen, of lists that are made up.

use super::*;
use crate::uacce::channel::Channel;
use crate::uacce::device::Origin;
use crate::uacce::uapi::{DeviceFlags, MAINLINE};
use std::sync::Arc;

struct Shelf(Vec<Attributes>);

impl Bus for Shelf {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(self.0.clone())
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Err(Error::Busy)
    }
}

fn device(name: &str, distance: u32, free: u32) -> Attributes {
    Attributes {
        name: name.to_owned(),
        origin: Origin::Kernel,
        node_path: std::path::PathBuf::new(),
        api: "hisi_qm_v2".to_owned(),
        flags: DeviceFlags::empty(),
        algorithms: vec!["zlib".to_owned(), "gzip".to_owned()],
        available: Some(free),
        mmio_size: 0,
        dus_size: 0,
        isolated: false,
        isolate_strategy: None,
        numa_node: 0,
        node_id: Some(0),
        numa_distance: Some(distance),
        usage: Vec::new(),
        uapi: MAINLINE,
    }
}

fn on_node(name: &str, node: i32) -> Attributes {
    Attributes {
        node_id: Some(node),
        ..device(name, 10, 5)
    }
}

fn wanted() -> Wanted<'static> {
    Wanted {
        algorithm: "zlib",
        ..Wanted::default()
    }
}

fn names(all: Vec<Attributes>, wanted: &Wanted<'_>) -> Result<Vec<String>> {
    let found = devices(&Shelf(all), wanted)?;
    Ok(found.into_iter().map(|device| device.name).collect())
}

#[test]
fn the_nearest_device_is_taken_unless_one_far_away_has_many_more_free_queues() {
    let order = |all| names(all, &wanted()).expect("some");
    assert_eq!(
        order(vec![device("a", 10, 3), device("b", 10, 4)]),
        ["b", "a"]
    );
    assert_eq!(
        order(vec![device("a", 10, 4), device("b", 10, 4)]),
        ["a", "b"]
    );
    assert_eq!(
        order(vec![device("a", 20, 4), device("b", 10, 1)]),
        ["b", "a"]
    );
    assert_eq!(
        order(vec![device("a", 20, 5), device("b", 10, 1)]),
        ["a", "b"]
    );
    assert_eq!(
        order(vec![device("a", 10, 1), device("b", 20, 4)]),
        ["a", "b"]
    );
    assert_eq!(
        order(vec![device("a", 10, 1), device("b", 20, 5)]),
        ["b", "a"]
    );
    let huge = vec![device("a", 10, u32::MAX), device("b", 20, u32::MAX)];
    assert_eq!(order(huge), ["a", "b"]);
}

#[test]
fn devices_of_the_nodes_that_were_asked_for_come_first() {
    let order = |nodes| {
        let all = vec![
            on_node("a", -1),
            on_node("b", 0),
            on_node("c", 3),
            on_node("d", 40),
        ];
        names(all, &Wanted { nodes, ..wanted() }).expect("some")
    };
    assert_eq!(order(0)[0], "a");
    assert_eq!(order(1)[0], "b");
    assert_eq!(order(1 << 3)[..2], ["c", "a"]);
    assert_eq!(order(1 << 3 | 1)[..2], ["b", "c"]);
    assert_eq!(order(1 << 5)[0], "a", "none is there, others will do");
}

#[test]
fn a_named_device_comes_first_where_it_can_be_had() {
    let order = |name, free| {
        let all = vec![device("a", 10, 9), device("b", 20, free)];
        let device = Some(name);
        names(all, &Wanted { device, ..wanted() }).expect("some")
    };
    assert_eq!(order("b", 1), ["b", "a"]);
    assert_eq!(order("b", 0), ["a"], "it has no free queue");
    assert_eq!(order("z", 1), ["a", "b"], "there is none");
    let both = Wanted {
        device: Some("a"),
        nodes: 1,
        ..wanted()
    };
    assert_eq!(names(vec![device("a", 1, 1)], &both), Err(Error::Invalid));
}

#[test]
fn devices_without_sva_come_before_those_with_it() {
    let sva = Attributes {
        flags: DeviceFlags::SVA,
        numa_distance: None,
        ..device("a", 10, 99)
    };
    let all = vec![sva.clone(), device("b", 20, 1)];
    assert_eq!(
        names(all, &wanted()),
        Ok(vec!["b".to_owned(), "a".to_owned()])
    );
    assert_eq!(names(vec![sva], &wanted()), Ok(vec!["a".to_owned()]));
}

#[test]
fn devices_that_cannot_serve_are_passed_over() {
    let isolated = Attributes {
        isolated: true,
        ..device("a", 10, 9)
    };
    let untold = Attributes {
        available: None,
        ..device("b", 10, 0)
    };
    let all = || vec![isolated.clone(), untold.clone(), device("c", 10, 0)];
    assert_eq!(names(all(), &wanted()), Ok(vec!["b".to_owned()]));
    assert_eq!(count(&Shelf(all()), "zlib"), Ok(1));
    assert_eq!(count(&Shelf(all()), "zli"), Ok(0), "whole names only");
    let other = Wanted {
        algorithm: "rsa",
        ..Wanted::default()
    };
    assert_eq!(names(all(), &other), Err(Error::NoDevice));
}

#[test]
fn a_device_without_an_iommu_is_taken_only_where_that_is_allowed() {
    let bare = |name: &str| Attributes {
        api: "hisi_qm_v2_noiommu".to_owned(),
        ..device(name, 10, 9)
    };
    let flagged = Attributes {
        flags: DeviceFlags::NOIOMMU,
        ..device("b", 10, 9)
    };
    let all = || vec![bare("a"), flagged.clone()];
    assert_eq!(names(all(), &wanted()), Err(Error::Permission));
    let mut more = all();
    more.push(device("c", 90, 1));
    assert_eq!(names(more, &wanted()), Ok(vec!["c".to_owned()]));
    let allowed = Wanted {
        no_iommu: true,
        ..wanted()
    };
    assert_eq!(names(all(), &allowed).map(|all| all.len()), Ok(2));
}

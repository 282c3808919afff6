//! Texts of `WD_SIM`.

use super::*;

#[test]
fn a_driver_name_alone_is_one_usual_device() {
    let devices = vec![Device::default()];
    assert_eq!(parse("hisi_zip"), Ok(Config { devices }));
}

#[test]
fn every_key_sets_its_value() {
    let text = "hisi_zip , count=2,api=3,depth=64,node=1,queues=4,engines=3,level=9,orders=out,sva=0,iommu=1,algorithms=deflate+zlib,isolate=1 ; hisi_zip";
    let one = Device {
        api: Version::V3,
        depth: 64,
        node: 1,
        queues: 4,
        engines: 3,
        level: 9,
        orders: Orders::Out,
        sva: false,
        iommu: true,
        transport: Transport::Uacce,
        algorithms: vec!["deflate", "zlib"],
        isolate: true,
        faults: Vec::new(),
    };
    let devices = vec![one.clone(), one, Device::default()];
    assert_eq!(parse(text), Ok(Config { devices }));
}

#[test]
fn a_device_behind_vfio_is_one_queue_of_the_first_interface() {
    for (text, dma, waits) in [
        ("hisi_zip,transport=vfio", Dma::Single, false),
        ("hisi_zip,dma=2,transport=vfio,wait=1", Dma::Multi, true),
        ("hisi_zip,transport=vfio,dma=4,level=1", Dma::Sva, false),
        ("hisi_zip,transport=vfio,api=1,dma=8", Dma::Pinned, false),
    ] {
        let device = Device {
            api: Version::V1,
            queues: 1,
            transport: Transport::Vfio { dma, waits },
            ..Device::default()
        };
        let devices = vec![device];
        assert_eq!(parse(text), Ok(Config { devices }), "{text}");
    }
    assert_eq!(parse("hisi_zip,transport=uacce"), parse("hisi_zip"));
}

#[test]
fn every_fault_has_a_text() {
    let faults = [
        ("status:0x0e@3", Kind::Status(14), When::Nth(3)),
        ("drop@every:5", Kind::Drop, When::Every(5)),
        (
            "delay:20@from:2",
            Kind::Delay(Duration::from_millis(20)),
            When::From(2),
        ),
        (
            "duplicate@chance:50:9",
            Kind::Duplicate,
            When::Chance { of: 50, seed: 9 },
        ),
        ("reorder:4@1", Kind::Reorder(4), When::Nth(1)),
        ("sq_head:0xffff@1", Kind::SqHead(0xffff), When::Nth(1)),
        (
            "sq_num:7@chance:2",
            Kind::SqNumber(7),
            When::Chance { of: 2, seed: 0 },
        ),
        ("phase@1", Kind::Phase, When::Nth(1)),
        ("produced@1", Kind::Produced(1), When::Nth(1)),
        ("produced:100@1", Kind::Produced(100), When::Nth(1)),
        ("reset@4", Kind::Reset, When::Nth(4)),
        ("remove@4", Kind::Remove, When::Nth(4)),
        ("open:EBUSY@1", Kind::Open(libc::EBUSY), When::Nth(1)),
        ("configure:22@1", Kind::Configure(22), When::Nth(1)),
        ("start:ENXIO@1", Kind::Start(libc::ENXIO), When::Nth(1)),
        ("region:ENOMEM@1", Kind::Region(libc::ENOMEM), When::Nth(1)),
        (
            "sysfs:flags@from:1",
            Kind::Sysfs("flags".into()),
            When::From(1),
        ),
    ];
    for (text, kind, when) in faults {
        assert_eq!(fault(text), Ok(Fault { kind, when }), "{text}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "files")]
fn a_file_has_a_device_a_line() {
    let path = std::env::temp_dir().join(format!("wd-sim-config-{}", std::process::id()));
    let text = "# a comment\n\nhisi_zip,depth=64  # the first\n  ,node=1\nhisi_zip;\n";
    std::fs::write(&path, text).expect("writable");
    let named = format!("@{}", path.display());
    assert_eq!(parse(&named), parse("hisi_zip,depth=64,node=1;hisi_zip"));
    std::fs::write(&path, "# nothing\n").expect("writable");
    let reason = format!("{}: a device without a name", path.display());
    assert_eq!(parse(&named), Err(reason));
    std::fs::remove_file(&path).expect("there");
    assert!(parse(&named).is_err_and(|reason| reason.contains("No such file")));
}

#[test]
fn a_malformed_text_is_refused_whole_and_says_why() {
    let refused = [
        ("", "a device without a name"),
        ("hisi_zip;", "a device without a name"),
        (
            "hisi_sec2",
            "no simulation of 'hisi_sec2', only of 'hisi_zip'",
        ),
        ("hisi_zip,depth", "'depth' is not key=value"),
        ("hisi_zip,colour=red", "unknown key 'colour'"),
        ("hisi_zip,depth=3", "depth=3 is not in 4..=32768"),
        (
            "hisi_zip,depth=65536",
            "'65536' is not a number, or too large",
        ),
        ("hisi_zip,depth=-4", "'-4' is not a number, or too large"),
        ("hisi_zip,api=4", "api=4 is not one of 1, 2, 3, 5"),
        ("hisi_zip,queues=0", "queues=0 is not in 1..=1024"),
        ("hisi_zip,engines=65", "engines=65 is not in 0..=64"),
        ("hisi_zip,level=10", "level=10 is not in 0..=9"),
        ("hisi_zip,orders=any", "orders=any is not one of in, out"),
        ("hisi_zip,sva=no", "sva=no is not one of 0, 1"),
        ("hisi_zip,iommu=1", "iommu=1 is for sva=0"),
        (
            "hisi_zip,transport=usb",
            "transport=usb is not one of uacce, vfio",
        ),
        ("hisi_zip,dma=1", "dma= is for transport=vfio"),
        ("hisi_zip,wait=1", "wait= is for transport=vfio"),
        (
            "hisi_zip,transport=vfio,dma=16",
            "dma=16 is not one of 1, 2, 4, 8",
        ),
        (
            "hisi_zip,transport=vfio,wait=2",
            "wait=2 is not one of 0, 1",
        ),
        (
            "hisi_zip,transport=vfio,api=2",
            "transport=vfio has api=1, depth=1024, queues=1 and no sva=0",
        ),
        (
            "hisi_zip,transport=vfio,depth=64",
            "transport=vfio has api=1, depth=1024, queues=1 and no sva=0",
        ),
        (
            "hisi_zip,transport=vfio,sva=0",
            "transport=vfio has api=1, depth=1024, queues=1 and no sva=0",
        ),
        (
            "hisi_zip,algorithms=zlib+zip",
            "algorithms=zlib+zip: 'zip' is not known",
        ),
        (
            "hisi_zip,algorithms=lz4",
            "algorithms: hisi_qm_v2 has no lz4",
        ),
        ("hisi_zip,isolate=", "isolate= is not one of 0, 1"),
        ("hisi_zip,count=0", "count=0"),
        ("hisi_zip,count=65", "more than 64 devices"),
        (
            "hisi_zip,fault=drop",
            "fault 'drop' does not say when, as in '@3'",
        ),
        ("hisi_zip,fault=drop:1@1", "fault 'drop' takes no argument"),
        (
            "hisi_zip,fault=status@1",
            "fault 'status' needs an argument",
        ),
        (
            "hisi_zip,fault=status:256@1",
            "'256' is not a number, or too large",
        ),
        ("hisi_zip,fault=melt@1", "unknown fault 'melt'"),
        ("hisi_zip,fault=drop@0", "'@0' is not a time"),
        ("hisi_zip,fault=drop@often:3", "'@often:3' is not a time"),
        (
            "hisi_zip,fault=drop@chance:3:4:5",
            "'@chance:3:4:5' is not a time",
        ),
        (
            "hisi_zip,fault=open:EWHAT@1",
            "'EWHAT' is not a number, or too large",
        ),
    ];
    for (text, reason) in refused {
        assert_eq!(parse(text), Err(reason.to_owned()), "{text}");
        assert_eq!(text.parse::<Config>(), Err(Error::Invalid));
    }
}

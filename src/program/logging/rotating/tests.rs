use tempfile::TempDir;

use super::*;

fn after(date: &str, now: &str) -> String {
    let now: Zoned = format!("{now}[UTC]").parse().unwrap();
    let next = next(Rotation::read(date).unwrap(), &now).unwrap();
    next.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[test]
fn next_moment_is_behind_now() {
    // A Monday.
    let now = "2026-11-30T19:10:00";
    for (date, next) in [
        ("$D0", "2026-12-01T00:00:00"),
        ("$D23", "2026-11-30T23:00:00"),
        ("$D19H10", "2026-12-01T19:10:00"),
        ("$D19H11", "2026-11-30T19:11:00"),
        ("$H5", "2026-11-30T20:05:00"),
        ("$W0D23", "2026-12-06T23:00:00"),
        ("$W1D5", "2026-12-07T05:00:00"),
        ("$M1D0", "2026-12-01T00:00:00"),
        ("$M31", "2026-12-31T00:00:00"),
    ] {
        assert_eq!(after(date, now), next, "{date}");
    }
}

#[test]
fn notation_is_letters_with_numbers_in_range() {
    for wrong in [
        "", "$", "D0", "$D", "$D24", "$H60", "$W7", "$M0", "$M32", "$X1", "$D1D2", "$D1x", "$é1",
    ] {
        assert_eq!(Rotation::read(wrong), None, "{wrong:?}");
    }
}

#[test]
fn files_are_put_aside_in_order_and_the_oldest_goes() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deeper/x.log");
    let settings = Settings {
        log_file_rotation_size: 4,
        log_file_rotation_count: 2,
        ..Settings::default()
    };
    let mut log = Rotating::open(&path, &settings).unwrap();
    for line in ["one\n", "two\n", "three\n", "four\n"] {
        log.write_all(line.as_bytes()).unwrap();
    }
    let mut log = Rotating::open(&path, &settings).unwrap();
    log.write_all(b"five\n").unwrap();
    let read = |name: &str| fs::read_to_string(path.with_file_name(name)).ok();
    assert_eq!(read("x.log").as_deref(), Some("five\n"));
    assert_eq!(read("x.log.0").as_deref(), Some("four\n"));
    assert_eq!(read("x.log.1").as_deref(), Some("three\n"));
    assert_eq!(read("x.log.2"), None);
}

#[test]
fn files_are_compressed_when_they_are_put_aside() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.log");
    // One of the time before compression.
    fs::write(path.with_file_name("x.log.0"), "old\n").unwrap();
    let settings = Settings {
        log_file_rotation_size: 4,
        log_file_rotation_count: 3,
        log_file_rotation_compress: true,
        ..Settings::default()
    };
    let mut log = Rotating::open(&path, &settings).unwrap();
    for line in ["one\n", "two\n", "three\n"] {
        log.write_all(line.as_bytes()).unwrap();
    }
    let unpacked = |name: &str| {
        let file = File::open(path.with_file_name(name)).unwrap();
        io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap()
    };
    assert_eq!(unpacked("x.log.0.gz"), "two\n");
    assert_eq!(unpacked("x.log.1.gz"), "one\n");
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["x.log", "x.log.0.gz", "x.log.1.gz", "x.log.2"]);
}

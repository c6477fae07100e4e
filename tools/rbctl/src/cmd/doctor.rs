// SPDX-License-Identifier: GPL-2.0

//! `rbctl doctor`: what is needed, in the order in which it is needed.

#![deny(unsafe_code)]

use std::{
    fs,
    os::unix::fs::FileTypeExt,
    path::Path, //
};

use anstyle::{
    AnsiColor,
    Style, //
};
use rust_buddy::{
    CharDevice,
    Error,
    Region, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
};

/// The first kernel series that the module builds for.
const FLOOR: (u32, u32) = (7, 3);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Something does without.
    Warning,
    Failed,
    /// Makes no sense before an earlier one is well.
    Skipped,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    /// What to do, empty if nothing.
    advice: String,
    #[serde(skip)]
    code: u8,
}

#[derive(Serialize)]
struct Report {
    well: bool,
    checks: Vec<Check>,
}

impl Check {
    fn new(name: &'static str, state: State, found: impl Into<String>, advice: &str) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            advice: advice.to_owned(),
            code: 3,
        }
    }

    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Ok, found, "")
    }
}

pub(crate) fn run(device: &Path, context: &mut Context<'_>) -> Result {
    let mut checks = vec![kernel(context), module(context), node(device)];
    checks.extend(open(device));
    checks.push(debugfs(context));
    let failed = checks.iter().find(|check| check.state == State::Failed);
    let verdict = match failed {
        None => Ok(()),
        Some(check) => Err(Failure::NotReady(
            format!("not ready: begin with `{}` above", check.name),
            check.code,
        )),
    };
    let report = Report {
        well: verdict.is_ok(),
        checks,
    };
    match context.json {
        true => context.json("doctor", &report)?,
        false => context.text(&text(&report, context.colour))?,
    }
    verdict
}

fn kernel(context: &Context<'_>) -> Check {
    let release = context.system_file("proc/sys/kernel/osrelease");
    let release = release.trim();
    let mut numbers = release
        .split(['.', '-', '+'])
        .map(|n| n.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    match version {
        (0, _) => Check::new("kernel", State::Warning, "unknown", "mount /proc"),
        version if version < FLOOR => {
            let advice = "boot Linux 7.3 or later with CONFIG_RUST=y: the module needs it";
            Check::new("kernel", State::Failed, release, advice)
        }
        _ => Check::ok("kernel", release),
    }
}

fn module(context: &Context<'_>) -> Check {
    let folder = context.root.join("sys/module/rust_buddy");
    let version = context.system_file("sys/module/rust_buddy/version");
    match (folder.is_dir(), version.trim()) {
        (true, "") => Check::ok("module", "loaded"),
        (true, version) => Check::ok("module", format!("loaded, version {version}")),
        (false, _) => {
            let advice = "load it: `insmod rust_buddy.ko`, and see `dmesg` if that fails";
            Check::new("module", State::Failed, "not loaded", advice)
        }
    }
}

fn node(device: &Path) -> Check {
    let path = device.display().to_string();
    match fs::metadata(device) {
        Ok(data) if data.file_type().is_char_device() => Check::ok("device", path),
        Ok(_) => {
            let advice = "not a character device: remove it and load the module again";
            Check::new("device", State::Failed, path, advice)
        }
        Err(_) => {
            let advice = "load the module; if it is loaded, mount devtmpfs on /dev or start udev";
            Check::new("device", State::Failed, format!("no {path}"), advice)
        }
    }
}

/// Permission and version: both need the open device.
fn open(device: &Path) -> [Check; 2] {
    let skipped = |name| Check::new(name, State::Skipped, "not tried", "");
    let file = match CharDevice::open(device) {
        Ok(file) => file,
        Err(Error::NoDevice(_)) => return [skipped("access"), skipped("interface")],
        Err(error) => return [failed("access", &error), skipped("interface")],
    };
    let access = Check::ok("access", "opened");
    match Region::new(file).and_then(|region| region.info()) {
        Ok(info) => {
            let version = format!("{}.{}", info.uapi_major, info.uapi_minor);
            [access, Check::ok("interface", version)]
        }
        Err(error) => [access, failed("interface", &error)],
    }
}

fn failed(name: &'static str, error: &Error) -> Check {
    let mut check = Check::new(name, State::Failed, "refused", &error.to_string());
    check.code = Failure::Device(match error {
        Error::Version { found } => Error::Version {
            found: found.clone(),
        },
        _ => return check,
    })
    .code();
    check
}

fn debugfs(context: &Context<'_>) -> Check {
    const NAME: &str = "debugfs";
    let base = context.root.join("sys/kernel/debug");
    let mounts = context.system_file("proc/mounts");
    let is_mounted = mounts
        .lines()
        .any(|line| line.split_whitespace().nth(2) == Some("debugfs"));
    match fs::read_dir(base.join("rust_buddy")) {
        Ok(_) => Check::ok(NAME, "sys/kernel/debug/rust_buddy"),
        Err(_) if !is_mounted => Check::new(
            NAME,
            State::Warning,
            "not mounted",
            "for the debugfs files: `mount -t debugfs none /sys/kernel/debug`",
        ),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Check::new(
            NAME,
            State::Warning,
            "not readable",
            "only root reads debugfs; rbctl itself does without",
        ),
        Err(_) => Check::new(
            NAME,
            State::Warning,
            "no rust_buddy folder",
            "load the module",
        ),
    }
}

fn text(report: &Report, colour: bool) -> String {
    report
        .checks
        .iter()
        .map(|check| line(check, colour))
        .collect()
}

fn line(check: &Check, colour: bool) -> String {
    let (word, style) = match check.state {
        State::Ok => ("ok", AnsiColor::Green.on_default()),
        State::Warning => ("warning", AnsiColor::Yellow.on_default()),
        State::Failed => ("FAILED", AnsiColor::Red.on_default().bold()),
        State::Skipped => ("skipped", Style::new().dimmed()),
    };
    let style = if colour { style } else { Style::new() };
    let first = format!(
        "{style}{word:<8}{style:#} {:<10} {}\n",
        check.name, check.found
    );
    match check.advice.as_str() {
        "" => first,
        advice => format!("{first}{:20}{advice}\n", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn system(name: &str, release: &str) -> std::path::PathBuf {
        let root = std::env::temp_dir().join(format!("rbctl-doctor-{name}-{}", std::process::id()));
        fs::create_dir_all(root.join("proc/sys/kernel")).expect("a folder");
        fs::write(root.join("proc/sys/kernel/osrelease"), release).expect("a file");
        root
    }

    #[test]
    fn every_missing_thing_has_its_advice() {
        let root = system("missing", "7.3.4+deb13-cloud-amd64\n");
        let device = Path::new("/nonexistent/rust_buddy");
        let (text, result) = testing::run_in(&root, false, |context| run(device, context));
        fs::remove_dir_all(root).expect("our folder");
        assert_eq!(result.map_err(|failure| failure.code()), Err(3));
        testing::golden("doctor.txt", &text);
    }

    #[test]
    fn old_kernels_are_told() {
        let root = system("old", "6.12.48-amd64\n");
        let (_, result) =
            testing::run_in(&root, true, |context| run(Path::new("/dev/null"), context));
        fs::remove_dir_all(root).expect("our folder");
        assert!(result
            .unwrap_err()
            .to_string()
            .contains("begin with `kernel`"));
    }

    #[test]
    fn another_device_is_told() {
        let [access, interface] = open(Path::new("/dev/null"));
        assert_eq!(access.state, State::Ok);
        assert_eq!(interface.state, State::Failed);
    }
}

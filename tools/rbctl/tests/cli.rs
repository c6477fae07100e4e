// SPDX-License-Identifier: GPL-2.0

//! The program from outside: exit codes and messages, as far as they need no module.

use std::{
    path::PathBuf,
    process::{
        Command,
        Output,
        Stdio, //
    },
};

fn rbctl(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbctl"))
        .args(words)
        .output()
        .expect("rbctl starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file that nobody may open, in a folder of its own.
fn forbidden() -> PathBuf {
    let path = std::env::temp_dir().join(format!("rbctl-forbidden-{}", std::process::id()));
    std::fs::write(&path, "").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&path, mode).expect("its mode");
    path
}

#[test]
fn without_a_subcommand_it_shows_help_and_says_usage() {
    let output = rbctl(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Usage: rbctl"));
}

#[test]
fn wrong_usage_is_2() {
    let lines: [&[&str]; 21] = [
        &["nonsense"],
        &["alloc", "--gfp", "FAST"],
        &["alloc", "--hold", "soon"],
        &["alloc", "--hold", "1", "--release"],
        &["bulk", "--free", "101"],
        &["bulk", "--orders", "4-0"],
        &["free", "1:2"],
        &["free", "1:2:3"],
        &["tune", "nonsense"],
        &["tune", "stat_interval", "-1"],
        &["tune", "stat_interval", "--try"],
        &["drain", "--zone", "High"],
        &["drain", "--cpu", "-1"],
        &["compact", "--mode", "sync"],
        &["compact", "--zone", "High"],
        &["reclaim", "0"],
        &["advise", "sticky", "1:2:3"],
        &["advise", "pin"],
        &["record"],
        &["record", "-", "--interval", "0"],
        &["top", "--count", "0"],
    ];
    for words in lines {
        assert_eq!(rbctl(words).status.code(), Some(2));
    }
}

#[test]
fn an_unknown_flag_is_named() {
    let output = rbctl(&["alloc", "--gfp", "KERNEL|FAST"]);
    assert!(stderr(&output).contains("no GFP flag `FAST`: use names like KERNEL"));
}

#[test]
fn no_device_is_3_with_one_line() {
    for command in [
        "info",
        "zones",
        "map",
        "verify",
        "pcp",
        "drain",
        "tune",
        "buddyinfo",
        "bulk",
        "alloc",
        "compact",
        "reclaim",
        "top",
    ] {
        let output = rbctl(&[command, "--device", "/nonexistent/rust_buddy"]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            stderr(&output),
            "rbctl: no /nonexistent/rust_buddy: is the module loaded? try `insmod rust_buddy.ko`\n"
        );
    }
}

#[test]
fn another_device_is_3() {
    let output = rbctl(&["info", "--device", "/dev/null"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("is not a rust_buddy device"));
}

#[test]
fn a_closed_descriptor_is_3() {
    let output = rbctl(&["--fd", "77", "info"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("exec 77<>/dev/rust_buddy"));
}

#[test]
fn no_permission_is_3() {
    let path = forbidden();
    let output = rbctl(&["info", "--device", &path.to_string_lossy()]);
    std::fs::remove_file(path).expect("our file");
    // Root opens it all the same, and then it is no rust_buddy device.
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn advice_that_is_none_is_told_with_what_there_is() {
    let output = rbctl(&["advise", "sticky", "1:2:3"]);
    assert!(stderr(&output).contains("use pin, unpin, needed, purgeable, movable"));
}

#[test]
fn a_plot_of_no_recording_says_how_to_make_one() {
    let output = rbctl(&["plot", "/dev/null"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("make one with `rbctl record FILE`"));
}

#[test]
fn doctor_tells_what_to_do() {
    let output = rbctl(&["doctor", "--device", "/nonexistent/rust_buddy"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(text.contains("no /nonexistent/rust_buddy"));
    assert!(text.contains("insmod rust_buddy.ko"));
}

#[test]
fn version_and_help_are_no_errors() {
    let version = rbctl(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert!(version.stdout.starts_with(b"rbctl "));
    assert_eq!(rbctl(&["alloc", "--help"]).status.code(), Some(0));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let (reader, writer) = std::os::unix::net::UnixStream::pair().expect("a pair");
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_rbctl"))
        .args(["completions", "bash"])
        .stdout(Stdio::from(std::os::fd::OwnedFd::from(writer)))
        .stderr(Stdio::piped())
        .output()
        .expect("rbctl starts");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(stderr(&output), "");
}

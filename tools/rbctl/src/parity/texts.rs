// SPDX-License-Identifier: GPL-2.0

//! buddyinfo and pagetypeinfo, the kernel's beside those made of its shadow, byte for byte.

#![deny(unsafe_code)]

use std::{
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

use crate::{
    failure::{
        Failure,
        Result, //
    },
    procfs, //
};

/// Names of the files, in both folders.
const NAMES: [&str; 2] = ["buddyinfo", "pagetypeinfo"];

/// Where the files are.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    pub(crate) kernel: PathBuf,
    pub(crate) shadow: PathBuf,
}

impl Texts {
    /// The files of this machine.
    pub(crate) fn here() -> Self {
        Self {
            kernel: "/proc".into(),
            shadow: "/sys/kernel/debug/rust_buddy/oracle".into(),
        }
    }

    /// The first line about node `nid` that differs, in words.
    pub(crate) fn difference(&self, nid: i32) -> Result<Option<String>> {
        for name in NAMES {
            let kernel = read(&self.kernel.join(name))?;
            let shadow = read(&self.shadow.join(name))?;
            if let Some((ours, theirs)) = first_difference(&kernel, &shadow, nid) {
                return Ok(Some(format!(
                    "{name}\nkernel {theirs:?}\nshadow {ours:?}\n"
                )));
            }
        }
        Ok(None)
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        Failure::Failed(format!("cannot read {path}: {error} (is debugfs mounted?)"))
    })
}

/// The first lines about a node that differ: ours, the kernel's.
fn first_difference<'a>(
    kernel: &'a str,
    shadow: &'a str,
    nid: i32,
) -> Option<(Option<&'a str>, Option<&'a str>)> {
    let of_node = move |line: &&str| procfs::node(line).is_some_and(|(n, _)| n == nid);
    let mut theirs = kernel.lines().filter(of_node);
    let mut ours = shadow.lines().filter(of_node);
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (a, b) if a == b => (),
            different => return Some(different),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: &str = "Node 0, zone  Normal  1\nNode 1, zone   DMA32  2 \nNode    1, zone x";

    #[test]
    fn other_nodes_and_heads_do_not_matter() {
        let shadow = "Page block order: 9\nNode 1, zone   DMA32  2 \nNode    1, zone x\n";
        assert_eq!(first_difference(KERNEL, shadow, 1), None);
    }

    #[test]
    fn a_blank_matters_and_so_does_a_line() {
        let blank = "Node 1, zone   DMA32  2\nNode    1, zone x";
        let found = first_difference(KERNEL, blank, 1);
        assert_eq!(
            found,
            Some((
                Some("Node 1, zone   DMA32  2"),
                Some("Node 1, zone   DMA32  2 ")
            ))
        );
        let short = "Node 1, zone   DMA32  2 \n";
        let found = first_difference(KERNEL, short, 1);
        assert_eq!(found, Some((None, Some("Node    1, zone x"))));
    }
}

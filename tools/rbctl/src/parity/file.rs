// SPDX-License-Identifier: GPL-2.0

//! Sequences of operations as text: one in each line, `op order flags gfp slot arg` in the
//! interface's numbers. Lines that begin with `#` are for people.

#![deny(unsafe_code)]

use rust_buddy::{
    uapi::rb_replay_entry,
    Entry, //
};

/// Writes a sequence.
pub(crate) fn to_text(entries: &[Entry], comment: &str) -> String {
    let mut text = String::new();
    for line in comment.lines() {
        text += &format!("# {line}\n");
    }
    text += "# op order flags gfp slot arg\n";
    for raw in entries.iter().map(rb_replay_entry::from) {
        text += &format!(
            "{} {} {} {:#x} {} {}\n",
            raw.op, raw.order, raw.flags, raw.gfp, raw.slot, raw.arg
        );
    }
    text
}

/// Reads a sequence; an error is the first wrong line, and its number.
pub(crate) fn from_text(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(nr, line)| entry(line).ok_or_else(|| (nr, line.to_owned())))
        .collect()
}

fn entry(line: &str) -> Option<Entry> {
    let words: Vec<u32> = line.split_whitespace().map(number).collect::<Option<_>>()?;
    let [op, order, flags, gfp, slot, arg] = words.try_into().ok()?;
    let raw = rb_replay_entry {
        op: op.try_into().ok()?,
        order: order.try_into().ok()?,
        flags: flags.try_into().ok()?,
        gfp,
        slot,
        arg,
    };
    Entry::try_from(&raw).ok()
}

fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::stream::{
        Mix,
        Stream, //
    };

    #[test]
    fn what_is_written_is_read_back() {
        for mix in [Mix::Mixed, Mix::Bulk, Mix::Contig, Mix::Reclaim] {
            let entries = Stream::new(mix, 1, 65536).take(2000);
            assert_eq!(from_text(&to_text(&entries, "a\nb")), Ok(entries));
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = from_text("# x\n1 0 0 0x8 5 0\n1 0 0 0x8 5\n");
        assert_eq!(wrong, Err((3, "1 0 0 0x8 5".to_owned())));
        assert!(from_text("9 0 0 0 0 0\n").is_err());
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Recordings: a line of JSON that says what it is, and one for each sample.

#![deny(unsafe_code)]

use std::{
    collections::BTreeMap,
    io::{
        BufRead,
        Write, //
    },
};

use rust_buddy::{
    Info,
    NodeStat,
    ThreadState,
    ZoneStat, //
};
use serde::{
    Deserialize,
    Serialize, //
};

use crate::{
    failure::{
        Failure,
        Result, //
    },
    sample::Sample,
    units, //
};

/// Changes when a field changes its meaning or goes.
const FORMAT: &str = "rust_buddy-recording/1";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: String,
    pub(crate) page_shift: u32,
    pub(crate) region_pages: u64,
    pub(crate) kernel: String,
}

impl From<&Info> for Header {
    fn from(info: &Info) -> Self {
        Self {
            format: FORMAT.to_owned(),
            page_shift: info.page_shift,
            region_pages: info.region_pages,
            kernel: info.kernel.clone(),
        }
    }
}

/// One sample. Sizes are pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) at_ns: u64,
    pub(crate) zones: Vec<Zone>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) counters: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone {
    pub(crate) nid: i32,
    pub(crate) zone: String,
    pub(crate) managed: u64,
    pub(crate) free: u64,
    pub(crate) min: u64,
    pub(crate) low: u64,
    pub(crate) high: u64,
    /// Free blocks by order.
    pub(crate) blocks: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) nid: i32,
    pub(crate) kswapd: ThreadState,
    pub(crate) kcompactd: ThreadState,
}

impl From<&ZoneStat> for Zone {
    fn from(zone: &ZoneStat) -> Self {
        Self {
            nid: zone.nid,
            zone: zone.name.clone(),
            managed: zone.managed,
            free: zone.free,
            min: zone.min,
            low: zone.low,
            high: zone.high,
            blocks: zone.free_by_order(),
        }
    }
}

impl From<&NodeStat> for Node {
    fn from(node: &NodeStat) -> Self {
        Self {
            nid: node.nid,
            kswapd: node.kswapd,
            kcompactd: node.kcompactd,
        }
    }
}

impl From<&Sample> for Record {
    fn from(sample: &Sample) -> Self {
        let counters = sample.counters.iter();
        Self {
            at_ns: units::nanos(sample.at),
            zones: sample.zones.iter().map(Zone::from).collect(),
            nodes: sample.nodes.iter().map(Node::from).collect(),
            counters: counters.map(|(name, nr)| (name.to_owned(), nr)).collect(),
        }
    }
}

/// Writes a line, and has it written: a recording that is cut off is good up to there.
pub(crate) fn write<T: Serialize>(out: &mut dyn Write, line: &T) -> Result {
    let text = serde_json::to_string(line).map_err(std::io::Error::from)?;
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// A whole recording, at least two samples.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) header: Header,
    pub(crate) records: Vec<Record>,
}

impl Recording {
    /// Reads it; a last line that was cut off is left out.
    pub(crate) fn read(input: impl BufRead) -> Result<Self> {
        let lines: Vec<String> = input
            .lines()
            .collect::<Result<_, _>>()
            .map_err(unreadable)?;
        let header = header(lines.first())?;
        let mut records = Vec::new();
        for (line, nr) in lines.iter().zip(1..).skip(1) {
            match serde_json::from_str::<Record>(line) {
                Ok(record) => records.push(record),
                Err(_) if nr == lines.len() => break,
                Err(error) => return Err(bad_line(nr, &error)),
            }
        }
        match records.len() {
            0 | 1 => Err(Failure::Failed(
                "the recording has less than two samples: record for longer".to_owned(),
            )),
            _ => Ok(Self { header, records }),
        }
    }

    /// From the first sample to the last, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        let ends = self.records.first().zip(self.records.last());
        ends.map_or(0.0, |(first, last)| {
            last.at_ns.saturating_sub(first.at_ns) as f64 / 1e9
        })
    }
}

fn header(line: Option<&String>) -> Result<Header> {
    line.and_then(|line| serde_json::from_str(line).ok())
        .filter(|header: &Header| header.format == FORMAT)
        .ok_or_else(|| {
            Failure::Failed(format!(
                "this is no recording in the format {FORMAT}: make one with `rbctl record FILE`"
            ))
        })
}

fn bad_line(nr: usize, error: &serde_json::Error) -> Failure {
    Failure::Failed(format!(
        "line {nr} of the recording is no sample ({error}): delete it and what follows, or record anew"
    ))
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::Failed(format!("cannot read the recording: {error}"))
}

/// Half of the pages in blocks of the highest order, half of the rest in those of the next ...
#[cfg(test)]
fn halves(mut pages: u64) -> Vec<u64> {
    let mut blocks = vec![0; 7];
    for order in (1..7usize).rev() {
        blocks[order] = (pages / 2) >> order;
        pages -= blocks[order] << order;
    }
    blocks[0] = pages;
    blocks
}

/// A recording to draw in tests: memory runs short, kswapd works, and it gets better.
#[cfg(test)]
pub(crate) fn example() -> Recording {
    let record = |nr: u64| {
        let free = [4000, 3000, 1500, 400, 60, 40, 200, 900, 1000, 1000][nr as usize];
        let zone = |zone: &str, share: u64| Zone {
            nid: 1,
            zone: zone.to_owned(),
            managed: 4096 / share,
            free: free / share,
            min: 64 / share,
            low: 128 / share,
            high: 192 / share,
            blocks: halves(free / share),
        };
        let kswapd = match free {
            0..=128 => ThreadState::Running,
            _ => ThreadState::Asleep,
        };
        Record {
            at_ns: nr * 500_000_000,
            zones: vec![zone("DMA32", 2), zone("Normal", 1)],
            nodes: vec![Node {
                nid: 1,
                kswapd,
                kcompactd: ThreadState::Asleep,
            }],
            counters: BTreeMap::new(),
        }
    };
    Recording {
        header: Header {
            format: FORMAT.to_owned(),
            page_shift: 12,
            region_pages: 6144,
            kernel: "7.3.4".to_owned(),
        },
        records: (0..10).map(record).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cut: usize) -> Vec<u8> {
        let recording = example();
        let mut file = Vec::new();
        write(&mut file, &recording.header).expect("written");
        for record in &recording.records {
            write(&mut file, record).expect("written");
        }
        file.truncate(file.len() - cut);
        file
    }

    #[test]
    fn what_is_written_is_read() -> Result {
        let read = Recording::read(&written(0)[..])?;
        assert_eq!(read.header, example().header);
        assert_eq!(read.records, example().records);
        assert_eq!(read.seconds(), 4.5);
        Ok(())
    }

    #[test]
    fn a_line_that_is_cut_off_is_left_out() -> Result {
        assert_eq!(Recording::read(&written(20)[..])?.records.len(), 9);
        Ok(())
    }

    #[test]
    fn other_files_are_refused_with_advice() {
        let read = |text: &str| Recording::read(text.as_bytes()).unwrap_err().to_string();
        assert!(read("").contains("make one with `rbctl record FILE`"));
        assert!(read("{}\n").contains("make one with `rbctl record FILE`"));
        let start = String::from_utf8(written(0)).expect("UTF-8");
        assert!(read(&start.replacen("\"zones\"", "\"x\"", 1)).starts_with("line 2 of the "));
        let first: Vec<&str> = start.lines().take(2).collect();
        assert!(read(&first.join("\n")).contains("less than two samples"));
    }
}

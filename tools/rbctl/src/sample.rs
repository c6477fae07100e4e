// SPDX-License-Identifier: GPL-2.0

//! All that can be seen of the region at one instant, or nearly.

#![deny(unsafe_code)]

use std::time::Duration;

use rust_buddy::{
    Events,
    Info,
    NodeStat,
    Pageblock,
    PcpStat,
    Region,
    ZoneStat, //
};
use serde::{
    Serialize,
    Serializer, //
};

use crate::{
    context::Context,
    failure::Result, //
};

/// Where the names of the counters stand.
pub(crate) const VMSTAT: &str = "sys/kernel/debug/rust_buddy/vmstat";

/// Numbers that only grow, with the names of the debugfs file vmstat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counters(Vec<(String, u64)>);

impl Counters {
    pub(crate) fn get(&self, name: &str) -> Option<u64> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// What zones count, where nobody may read the names of the others.
    fn of_zones(zones: &[ZoneStat]) -> Self {
        let sum = |field: fn(&Events) -> u64| zones.iter().map(|zone| field(&zone.events)).sum();
        let named = |name: &str, value| (name.to_owned(), value);
        Self(vec![
            named("pgalloc", sum(|events| events.pgalloc)),
            named("pgfree", sum(|events| events.pgfree)),
            named("rb_alloc_fail", sum(|events| events.alloc_fail)),
            named("rb_bad_page", sum(|events| events.bad_page)),
            named("rb_extfrag_claim", sum(|events| events.extfrag_claim)),
            named("rb_extfrag_steal", sum(|events| events.extfrag_steal)),
        ])
    }
}

impl Serialize for Counters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// One look.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Since the first one.
    #[serde(skip)]
    pub(crate) at: Duration,
    #[serde(skip)]
    pub(crate) info: Info,
    pub(crate) zones: Vec<ZoneStat>,
    pub(crate) nodes: Vec<NodeStat>,
    pub(crate) stocks: Vec<PcpStat>,
    pub(crate) counters: Counters,
    pub(crate) pageblocks: Vec<Pageblock>,
}

/// Takes samples of a region.
pub(crate) struct Sampler<'a> {
    region: &'a Region,
    names: Vec<String>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(region: &'a Region, context: &Context<'_>) -> Self {
        let text = context.system_file(VMSTAT);
        let names = text
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        Self {
            region,
            names: names.map(str::to_owned).collect(),
        }
    }

    /// Everything.
    pub(crate) fn whole(&self, at: Duration) -> Result<Sample> {
        let mut sample = self.numbers(at)?;
        sample.stocks = self.region.pcps()?;
        sample.pageblocks = self.region.pageblocks()?;
        Ok(sample)
    }

    /// Without the CPUs' stocks and the map.
    pub(crate) fn numbers(&self, at: Duration) -> Result<Sample> {
        let info = self.region.info()?;
        let zones = self.region.zones()?;
        Ok(Sample {
            at,
            info,
            nodes: self.nodes(&zones)?,
            counters: self.counters(&zones),
            zones,
            stocks: Vec::new(),
            pageblocks: Vec::new(),
        })
    }

    fn nodes(&self, zones: &[ZoneStat]) -> Result<Vec<NodeStat>> {
        let mut nids: Vec<i32> = zones.iter().map(|zone| zone.nid).collect();
        nids.dedup();
        let nodes = nids.into_iter().map(|nid| Ok(self.region.node(nid)?));
        Ok(nodes
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    /// The module's numbers come without names: if there are not as many, they are not these.
    fn counters(&self, zones: &[ZoneStat]) -> Counters {
        match self.region.vmstat() {
            Ok(values) if !values.is_empty() && values.len() == self.names.len() => {
                Counters(self.names.iter().cloned().zip(values).collect())
            }
            _ => Counters::of_zones(zones),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::fake::Fake;

    #[test]
    fn the_tests_system_has_the_names_of_the_fake() {
        let text = std::fs::read_to_string(testing::system().join(VMSTAT));
        assert_eq!(text.ok(), Some(Fake::default().vmstat_text()));
    }

    #[test]
    fn names_and_numbers_come_together() {
        let region = testing::region();
        let (_, result) = testing::run_in(&testing::system(), false, |context| {
            let sample = Sampler::new(&region, context).numbers(Duration::ZERO)?;
            assert_eq!(sample.counters.get("nr_free_pages"), Some(16384));
            assert_eq!(sample.nodes.len(), 1);
            Ok(())
        });
        assert!(result.is_ok());
    }

    #[test]
    fn without_names_there_is_what_the_zones_count() {
        let region = testing::region();
        let (_, result) = testing::run(false, |context| {
            let sample = Sampler::new(&region, context).numbers(Duration::ZERO)?;
            assert_eq!(sample.counters.get("nr_free_pages"), None);
            assert_eq!(sample.counters.get("rb_alloc_fail"), Some(0));
            Ok(())
        });
        assert!(result.is_ok());
    }
}

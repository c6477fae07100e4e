// SPDX-License-Identifier: GPL-2.0

//! clients: who has the device open, and what he has.

#![deny(unsafe_code)]

use crate::{
    device::{
        clients::Client,
        records::Records,
        Device, //
    },
    sys::{
        self,
        Text, //
    }, //
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct ClientList(pub(super) Arc<Device>);

impl sys::Show for ClientList {
    fn show(&self, out: &mut Text) -> Result {
        let records = self.0.records();
        let nr_slots = records.with(|records: &mut Records| records.clients.nr_slots());

        writeln!(out, "id pid comm uid pages peak maps fails")?;
        for slot in 0..nr_slots as u32 {
            let client = records.with(|records| records.clients.get(slot).copied());

            if let Some(client) = client {
                show_client(out, slot, &client)?;
            }
        }
        Ok(())
    }
}

fn show_client(out: &mut Text, slot: u32, client: &Client) -> Result {
    let Client {
        opener,
        pages,
        peak,
        maps,
        fails,
        ..
    } = client;

    write!(out, "{slot} {} ", opener.pid)?;
    for byte in opener.comm.iter().take_while(|byte| **byte != 0) {
        match byte {
            // One word, whatever a program calls itself.
            b'!'..=b'~' if *byte != b'\\' => write!(out, "{}", char::from(*byte))?,
            byte => write!(out, "\\x{byte:02x}")?,
        }
    }
    writeln!(out, " {} {pages} {peak} {maps} {fails}", opener.uid)?;
    Ok(())
}

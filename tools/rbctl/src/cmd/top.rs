// SPDX-License-Identifier: GPL-2.0

//! `rbctl top`

#![deny(unsafe_code)]

use std::time::{
    Duration,
    Instant, //
};

use clap::Args;
use ratatui::{
    crossterm::event::{
        self,
        Event,
        KeyCode,
        KeyEvent,
        KeyModifiers, //
    },
    DefaultTerminal, //
};
use rust_buddy::Region;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    interrupt::Interrupt,
    sample::{
        Sample,
        Sampler, //
    },
    top::{
        self,
        View, //
    },
};

const AFTER_HELP: &str = "\
Zones with their free pages against the watermarks, free blocks by order and migratetype, what
kswapd and kcompactd do, what CPUs have in stock, events, and the map with the
scanners of compaction on it.
All counters have names only where debugfs can be read: as root.

Keys: q, Esc or Ctrl-C quit; p or space stop and go on.
Into a pipe it writes one screen, or --count; with --json objects, one a line.

Examples:
  rbctl top
  rbctl top --interval 0.2
  rbctl top --json --count 10 --interval 0.5 | jq .counters.pgmigrate_success";

/// So often is looked for a signal.
const GLANCE: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct TopArgs {
    /// Seconds from one screen to the next
    #[arg(long, value_name = "SECS", value_parser = super::record::interval, default_value = "1")]
    interval: Duration,

    /// End after so many screens
    #[arg(long, value_name = "NR", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

pub(crate) fn run(args: &TopArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let interrupt = Interrupt::install()?;
    let sampler = Sampler::new(region, context);
    match context.live && !context.json {
        true => live(args, &sampler, &interrupt, context.colour),
        false => print(args, &sampler, &interrupt, context),
    }
}

/// One after the other, for programs and files.
fn print(
    args: &TopArgs,
    sampler: &Sampler<'_>,
    interrupt: &Interrupt,
    context: &mut Context<'_>,
) -> Result {
    let start = Instant::now();
    let mut before = None;
    for left in (0..args.count.unwrap_or(1)).rev() {
        let now = sampler.whole(start.elapsed())?;
        match context.json {
            true => context.json("top", &now)?,
            false => {
                let view = view(&now, before.as_ref(), false, "");
                let text = top::text(&view, context.width)?;
                context.text(&text)?;
            }
        }
        before = Some(now);
        if left > 0 {
            interrupt.wait(Some(args.interval))?;
        }
    }
    Ok(())
}

fn view<'a>(now: &'a Sample, before: Option<&'a Sample>, colour: bool, keys: &'a str) -> View<'a> {
    View {
        now,
        before,
        colour,
        keys,
    }
}

/// In the terminal, which is put right again whatever happens.
fn live(args: &TopArgs, sampler: &Sampler<'_>, interrupt: &Interrupt, colour: bool) -> Result {
    let mut terminal = ratatui::try_init()?;
    let result = screens(args, sampler, interrupt, colour, &mut terminal);
    ratatui::try_restore()?;
    result
}

/// What a key means.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Interrupt,
    Pause,
    Redraw,
}

fn screens(
    args: &TopArgs,
    sampler: &Sampler<'_>,
    interrupt: &Interrupt,
    colour: bool,
    terminal: &mut DefaultTerminal,
) -> Result {
    let start = Instant::now();
    let (mut before, mut now) = (None, sampler.whole(start.elapsed())?);
    let (mut is_paused, mut nr) = (false, 1);
    loop {
        let keys = if is_paused {
            "paused: p go on, q quit"
        } else {
            "q quit, p pause"
        };
        let view = view(&now, before.as_ref(), colour, keys);
        terminal.draw(|frame| top::draw(&view, frame))?;
        match wish(args.interval, interrupt)? {
            Some(Wish::Quit) => return Ok(()),
            Some(Wish::Interrupt) => return Err(Failure::Interrupted(130)),
            Some(Wish::Pause) => is_paused = !is_paused,
            Some(Wish::Redraw) => (),
            None if is_paused => (),
            None if args.count.is_some_and(|count| nr >= count) => return Ok(()),
            None => {
                before = Some(std::mem::replace(&mut now, sampler.whole(start.elapsed())?));
                nr += 1;
            }
        }
    }
}

/// Waits for a key, so long at most.
fn wish(time: Duration, interrupt: &Interrupt) -> Result<Option<Wish>> {
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()) {
        interrupt.check()?;
        if event::poll(left.min(GLANCE))? {
            if let Some(wish) = meaning(&event::read()?) {
                return Ok(Some(wish));
            }
        }
    }
    Ok(None)
}

fn meaning(event: &Event) -> Option<Wish> {
    match event {
        Event::Resize(..) => Some(Wish::Redraw),
        Event::Key(KeyEvent {
            code, modifiers, ..
        }) => match code {
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => {
                Some(Wish::Interrupt)
            }
            KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Quit),
            KeyCode::Char('p' | ' ') => Some(Wish::Pause),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const TWICE: TopArgs = TopArgs {
        interval: Duration::from_millis(10),
        count: Some(2),
    };

    #[test]
    fn json_has_everything() {
        let region = testing::region();
        let args = TopArgs {
            count: None,
            ..TWICE
        };
        let json = testing::run_json(|context| run(&args, &region, context));
        assert_eq!(json["zones"][3]["free"], 4096);
        assert_eq!(json["nodes"][0]["kswapd"], "asleep");
        assert_eq!(json["stocks"].as_array().map(Vec::len), Some(8));
        assert_eq!(json["pageblocks"].as_array().map(Vec::len), Some(32));
        assert_eq!(json["counters"]["rb_alloc_fail"], 0);
    }

    #[test]
    fn into_a_pipe_go_so_many_screens() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&TWICE, &region, context));
        assert!(result.is_ok());
        assert_eq!(text.matches("rust_buddy 64 MiB, Linux 7.3.4").count(), 2);
        assert_eq!(text.matches("Free blocks by order").count(), 2);
    }

    #[test]
    fn keys_have_meanings() {
        let key = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(
            key(KeyCode::Char('q'), KeyModifiers::NONE),
            Some(Wish::Quit)
        );
        assert_eq!(
            key(KeyCode::Char('c'), KeyModifiers::CONTROL),
            Some(Wish::Interrupt)
        );
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(
            key(KeyCode::Char(' '), KeyModifiers::NONE),
            Some(Wish::Pause)
        );
        assert_eq!(meaning(&Event::Resize(80, 25)), Some(Wish::Redraw));
    }
}

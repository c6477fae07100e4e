// SPDX-License-Identifier: GPL-2.0

//! `rbctl plot`

#![deny(unsafe_code)]

use std::{
    fs::{
        self,
        File, //
    },
    io::BufReader,
    path::{
        Path,
        PathBuf, //
    },
};

use clap::Args;
use rust_buddy::ZoneKind;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    plot,
    recording::Recording,
    units, //
};

const AFTER_HELP: &str = "\
Above, the free pages by order, the largest blocks at the bottom; below, for each zone, the free
pages against the watermarks min, low and high on a logarithmic scale, shaded where kswapd or
kcompactd was at work. Needs no device.

Examples:
  rbctl record storm.rec --for 60 && rbctl plot storm.rec
  rbctl plot storm.rec --zone Normal --title 'sixteen clients' -o storm.svg";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PlotArgs {
    /// A recording of `rbctl record`
    file: PathBuf,

    /// Where to, `-` for the standard output; FILE with the ending .svg without
    #[arg(short, long, value_name = "SVG")]
    output: Option<PathBuf>,

    /// These zones only: DMA, DMA32, Normal or Movable
    #[arg(long, value_name = "ZONE", value_parser = super::zone)]
    zone: Option<ZoneKind>,

    /// The picture's first line
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

#[derive(Serialize)]
struct Report {
    file: String,
    samples: usize,
    seconds: f64,
    bytes: usize,
}

pub(crate) fn run(args: &PlotArgs, context: &mut Context<'_>) -> Result {
    let recording = read(&args.file)?;
    let zone = args.zone.map(ZoneKind::name);
    let svg = plot::draw(&recording, zone, args.title.as_deref())?;
    let output = output(args)?;
    if output.as_os_str() == "-" {
        return context.text(&svg);
    }
    fs::write(&output, &svg).map_err(|error| {
        let output = output.display();
        Failure::Failed(format!(
            "cannot write {output}: {error}; choose another with -o"
        ))
    })?;
    let report = Report {
        file: output.display().to_string(),
        samples: recording.records.len(),
        seconds: recording.seconds(),
        bytes: svg.len(),
    };
    match context.json {
        true => context.json("plot", &report),
        false => context.text(&text(&report)),
    }
}

fn read(path: &Path) -> Result<Recording> {
    let file = File::open(path).map_err(|error| {
        let path = path.display();
        Failure::Failed(format!(
            "cannot read {path}: {error}; make it with `rbctl record {path}`"
        ))
    })?;
    Recording::read(BufReader::new(file))
}

/// Never the recording itself.
fn output(args: &PlotArgs) -> Result<PathBuf> {
    let output = match &args.output {
        Some(output) => output.clone(),
        None => args.file.with_extension("svg"),
    };
    match output == args.file {
        true => Err(Failure::Usage(
            "the picture would overwrite the recording: choose another file with -o".to_owned(),
        )),
        false => Ok(output),
    }
}

fn text(report: &Report) -> String {
    let samples = units::count(report.samples as u64, "sample");
    let Report { file, seconds, .. } = report;
    format!("{file}: {samples} in {seconds:.1} s\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recording,
        testing, //
    };

    fn args(file: &Path) -> PlotArgs {
        PlotArgs {
            file: file.to_owned(),
            output: None,
            zone: None,
            title: None,
        }
    }

    #[test]
    fn the_picture_lies_beside_the_recording() -> Result {
        let path = std::env::temp_dir().join(format!("rbctl-plot-{}.rec", std::process::id()));
        let example = recording::example();
        let mut file = File::create(&path)?;
        recording::write(&mut file, &example.header)?;
        for record in &example.records {
            recording::write(&mut file, record)?;
        }
        let json = testing::run_json(|context| run(&args(&path), context));
        let picture = path.with_extension("svg");
        let svg = fs::read_to_string(&picture)?;
        fs::remove_file(&path)?;
        fs::remove_file(&picture)?;
        assert_eq!(json["samples"], 10);
        assert_eq!(json["bytes"], svg.len());
        assert!(svg.starts_with("<svg"));
        Ok(())
    }

    #[test]
    fn no_recording_is_told() {
        let path = Path::new("/nonexistent/a.rec");
        let (_, result) = testing::run(false, |context| run(&args(path), context));
        let text = result.unwrap_err().to_string();
        assert!(text.ends_with("make it with `rbctl record /nonexistent/a.rec`"));
    }

    #[test]
    fn the_recording_is_not_overwritten() {
        let path = Path::new("/tmp/a.svg");
        let result = output(&args(path));
        assert_eq!(result.map_err(|failure| failure.code()), Err(2));
    }
}

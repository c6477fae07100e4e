// SPDX-License-Identifier: GPL-2.0

//! `rbctl verify`

#![deny(unsafe_code)]

use rust_buddy::{
    Region,
    Verdict, //
};

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    units,
};

pub(crate) fn run(region: &Region, context: &mut Context<'_>) -> Result {
    let verdict = region.verify()?;
    if context.json {
        context.json("verify", &verdict)?;
    } else if verdict.errors == 0 {
        let pages = units::count(verdict.checked, "page");
        context.text(&format!("checked {pages}: no errors\n"))?;
    }
    judge(&verdict)
}

fn judge(verdict: &Verdict) -> Result {
    match verdict.errors {
        0 => Ok(()),
        nr => Err(Failure::Failed(format!(
            "{} in {} pages, the first (kind {}) at page {}: save `dmesg`, then reload the module",
            units::count(nr, "error"),
            verdict.checked,
            verdict.code,
            verdict.first_page,
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_sound_region_is_told() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&region, context));
        assert!(result.is_ok());
        assert_eq!(text, "checked 16384 pages: no errors\n");
    }

    #[test]
    fn errors_fail_and_say_where() {
        let region = testing::region_with(|fake| fake.errors = 3);
        let (_, result) = testing::run(false, |context| run(&region, context));
        let failure = result.unwrap_err();
        assert_eq!(failure.code(), 1);
        assert!(failure
            .to_string()
            .starts_with("3 errors in 16384 pages, the first (kind 1) at page 4096"));
    }
}

//! Makes the table, the line of targets and the plots of docs/performance.md from what
//! benches/run.sh has measured: `performance RESULTS DOCS`. `make bench` runs it.

mod plots;
mod results;
mod targets;

use results::{Results, Row};
use std::error::Error;
use std::fs;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, docs] = arguments.as_slice() else {
        return Err("performance RESULTS DOCS".into());
    };
    let results: Results = fs::read_to_string(from)?.parse()?;
    let docs = Path::new(docs);
    let summary = targets::line(&results);
    let page = docs.join("performance.md");
    let text = replaced(&fs::read_to_string(&page)?, &section(&results, &summary))?;
    fs::write(&page, text)?;
    for (name, svg) in plots::all(&results)? {
        fs::write(docs.join("plots").join(name), svg)?;
    }
    println!("{summary}");
    Ok(())
}

/// What stands between the page's marks.
fn section(results: &Results, summary: &str) -> String {
    let mut text = format!("\n{}.\n\n{summary}\n\n", results.machine);
    text += "| floor | what | unit | this library | compared with | that | ratio |\n";
    text += "|---|---|---|---|---|---|---|\n";
    for row in results.by_floor() {
        text += &line(row);
    }
    text + "\n"
}

fn line(row: &Row) -> String {
    let Row {
        floor,
        what,
        unit,
        ours,
        ..
    } = row;
    let number = |value: f64| match () {
        () if value >= 1000.0 || value.fract() == 0.0 => format!("{value:.0}"),
        () if value >= 100.0 => format!("{value:.1}"),
        () => format!("{value:.2}"),
    };
    let rest = match &row.against {
        Some((name, theirs)) => {
            let ratio = row
                .ratio()
                .map_or(String::new(), |ratio| format!("{ratio:.2}"));
            format!("{name} | {} | {ratio}", number(*theirs))
        }
        None => " | | ".to_owned(),
    };
    format!(
        "| {floor} | {what} | {unit} | {} | {rest} |\n",
        number(*ours)
    )
}

/// The page with another text between its marks.
fn replaced(page: &str, section: &str) -> Result<String> {
    const MARKS: [&str; 2] = ["<!-- results begin -->\n", "<!-- results end -->\n"];
    let (before, rest) = page
        .split_once(MARKS[0])
        .ok_or("no mark where the results begin")?;
    let (_, after) = rest
        .split_once(MARKS[1])
        .ok_or("no mark where the results end")?;
    Ok([before, MARKS[0], section, MARKS[1], after].concat())
}

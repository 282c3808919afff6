//! The plots, as SVG.

use super::Result;
use super::results::{Results, Row};
use plotters::prelude::*;
use std::collections::BTreeMap;

const WIDTH: u32 = 900;
/// This library, and what it is compared with.
const COLOURS: [RGBColor; 2] = [RGBColor(0x1f, 0x77, 0xb4), RGBColor(0xbb, 0xbb, 0xbb)];
/// Lines for batches of 1, 8 and 64.
const LINES: [RGBColor; 3] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0x2c, 0xa0, 0x2c),
    RGBColor(0xd6, 0x27, 0x28),
];
const BATCHES: [u32; 3] = [1, 8, 64];

/// Files with their names. One that has nothing to show is left out.
pub fn all(results: &Results) -> Result<Vec<(&'static str, String)>> {
    let floors = ["descriptor", "ring", "driver", "session", "C entry"];
    let instructions: Vec<_> = results
        .rows
        .iter()
        .filter(|row| row.unit == "instructions" && floors.contains(&row.floor.as_str()))
        .filter(|row| !row.what.contains("software"))
        .filter(|row| {
            !row.what.contains("contexts") || row.what.ends_with("1 contexts, batches of 1")
        })
        .collect();
    let throughput: Vec<_> = results
        .rows
        .iter()
        .filter(|row| row.unit == "MB/s")
        .collect();
    let mut plots = Vec::new();
    if !instructions.is_empty() {
        plots.push((
            "floors.svg",
            bars(&instructions, "instructions for each request or pair")?,
        ));
    }
    if !throughput.is_empty() {
        plots.push((
            "throughput.svg",
            bars(&throughput, "MB/s of uncompressed data")?,
        ));
    }
    let lines = lines(results);
    if !lines.is_empty() {
        plots.push(("contexts.svg", contexts(&lines)?));
    }
    Ok(plots)
}

/// A pair of bars for each row, with their names and values.
fn bars(rows: &[&Row], unit: &str) -> Result<String> {
    let most = rows
        .iter()
        .flat_map(|row| [row.ours, row.against.as_ref().map_or(0.0, |a| a.1)]);
    let most = most.fold(1.0, f64::max);
    let height = 42 * rows.len() as u32 + 90;
    let (left, right) = (390, 80);
    let across = |value: f64| left + (value / most * f64::from(WIDTH as i32 - left - right)) as i32;
    let small = ("sans-serif", 13).into_font();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        for (number, row) in rows.iter().enumerate() {
            let top = 20 + 42 * number as i32;
            let name = format!("{}: {}", row.floor, row.what);
            area.draw(&Text::new(name, (10, top + 10), small.clone()))?;
            let bar = |top: i32, value: f64, colour: RGBColor, text: String| -> Result<()> {
                let corners = [(left, top), (across(value), top + 15)];
                area.draw(&Rectangle::new(corners, colour.filled()))?;
                area.draw(&Text::new(
                    text,
                    (across(value) + 5, top + 2),
                    small.clone(),
                ))?;
                Ok(())
            };
            bar(top, row.ours, COLOURS[0], format!("{:.0}", row.ours))?;
            if let Some((name, theirs)) = &row.against {
                bar(
                    top + 17,
                    *theirs,
                    COLOURS[1],
                    format!("{theirs:.0} {}", short(name)),
                )?;
            }
        }
        let bottom = height as i32 - 50;
        area.draw(&PathElement::new([(left, 15), (left, bottom)], BLACK))?;
        let legend = format!("{unit}; blue: this library, grey: what it is compared with");
        area.draw(&Text::new(legend, (10, bottom + 20), small))?;
        area.present()?;
    }
    Ok(svg)
}

fn short(name: &str) -> &str {
    match name {
        "hand-written loop" => "by hand",
        "C libwd 2.10" => "C",
        name => name,
    }
}

/// Instructions by the number of contexts: ours and theirs, for each size of a batch.
type Lines = BTreeMap<u32, Vec<(f64, f64, f64)>>;

fn lines(results: &Results) -> Lines {
    let mut lines = Lines::new();
    for batch in BATCHES {
        for contexts in [1, 4, 16, 64] {
            let what = format!("asynchronous and polled, {contexts} contexts, batches of {batch}");
            let Some(row) = results.find("C entry", &what, "instructions") else {
                continue;
            };
            let theirs = row.against.as_ref().map_or(f64::NAN, |against| against.1);
            lines
                .entry(batch)
                .or_default()
                .push((contexts.into(), row.ours, theirs));
        }
    }
    lines
}

fn contexts(lines: &Lines) -> Result<String> {
    let values = lines
        .values()
        .flatten()
        .flat_map(|(_, ours, theirs)| [*ours, *theirs]);
    let (least, most) = values
        .filter(|value| value.is_finite())
        .fold((f64::MAX, 0.0), |(least, most), value| {
            (value.min(least), value.max(most))
        });
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, 420)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(10)
            .x_label_area_size(45)
            .y_label_area_size(70)
            .build_cartesian_2d(
                (0.9..72.0).log_scale(),
                (least * 0.8..most * 1.3).log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("contexts")
            .y_desc("instructions, an asynchronous request and its poll")
            .x_label_formatter(&|x| match *x {
                // Those that were measured, nearly.
                1.0 | 4.0 | 10.0 | 20.0 | 40.0 => format!("{x:.0}"),
                _ => String::new(),
            })
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()?;
        for ((batch, points), colour) in lines.iter().zip(LINES) {
            let ours = points.iter().map(|(x, ours, _)| (*x, *ours));
            let theirs: Vec<_> = points
                .iter()
                .map(|(x, _, theirs)| (*x, *theirs))
                .filter(|(_, y)| y.is_finite())
                .collect();
            chart
                .draw_series(LineSeries::new(ours, colour.stroke_width(3)))?
                .label(format!("batches of {batch}"))
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3))
                });
            if !theirs.is_empty() {
                chart
                    .draw_series(DashedLineSeries::new(theirs, 6, 4, colour.stroke_width(1)))?
                    .label(format!("batches of {batch}, C libwd 2.10"))
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(1))
                    });
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.9))
            .border_style(BLACK)
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}

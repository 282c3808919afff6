//! The report as a page of its own: tables, and plots as SVG inside it.

use super::load::{Measured, SLICE};
use super::report::Report;
use crate::fail::{Fail, Result};
use crate::lane::Way;
use plotters::prelude::*;

const SIZE: (u32, u32) = (800, 320);
const COLOURS: [RGBColor; 2] = [RGBColor(0x1f, 0x77, 0xb4), RGBColor(0xd6, 0x27, 0x28)];

/// The page.
pub fn page(report: &Report, measured: &Measured) -> Result<String> {
    let fail = |error: String| Fail::at("plot", error);
    let throughput = throughput(measured).map_err(fail)?;
    let latency = latency(measured).map_err(fail)?;
    let json = serde_json::to_string_pretty(report).map_err(|error| fail(error.to_string()))?;
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <title>wd bench: {path}</title>\n\
         <style>body{{font-family:sans-serif;max-width:60em;margin:2em auto}}\
         pre{{background:#f4f4f4;padding:1em;overflow:auto}}svg{{max-width:100%;height:auto}}\
         </style></head><body>\n\
         <h1>wd bench</h1>\n<pre>{text}</pre>\n\
         <h2>Throughput</h2>\n{throughput}\n<h2>Latency</h2>\n{latency}\n\
         <h2>All numbers</h2>\n<pre>{json}</pre>\n</body></html>\n",
        path = escape(&report.path),
        text = escape(&report.text()),
        json = escape(&json),
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// MB/s of uncompressed data over time.
fn throughput(measured: &Measured) -> std::result::Result<String, String> {
    let step = SLICE.as_secs_f64();
    // The last slice is not a whole one.
    let whole = measured.slices.len().saturating_sub(1).max(1);
    let slices = measured.slices.iter().take(whole).enumerate();
    let points: Vec<(f64, f64)> = slices
        .map(|(n, bytes)| (n as f64 * step, *bytes as f64 / 1e6 / step))
        .collect();
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let end = (whole as f64 * step).max(step);
        let mut chart = ChartBuilder::on(&area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..end, 0.0..(most * 1.1).max(1e-6))
            .map_err(text)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("seconds")
            .y_desc("MB/s")
            .draw()
            .map_err(text)?;
        chart
            .draw_series(AreaSeries::new(points, 0.0, COLOURS[0].mix(0.3)).border_style(COLOURS[0]))
            .map_err(text)?;
        area.present().map_err(text)?;
    }
    Ok(svg)
}

/// Latency by percentile: how many requests took at most so long.
fn latency(measured: &Measured) -> std::result::Result<String, String> {
    let halves = measured.ways.iter().zip([Way::Compress, Way::Decompress]);
    let halves: Vec<_> = halves
        .filter(|(half, _)| !half.latency.is_empty())
        .collect();
    let micro = |nanoseconds: u64| (nanoseconds as f64 / 1e3).max(0.001);
    let least = halves.iter().map(|(half, _)| micro(half.latency.min()));
    let least = least.fold(f64::MAX, f64::min);
    let most = halves.iter().map(|(half, _)| micro(half.latency.max()));
    let most = most.fold(0.001, f64::max);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let times = (least.min(most) * 0.9..most * 1.1).log_scale();
        let mut chart = ChartBuilder::on(&area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(times, 0.0..100.0)
            .map_err(text)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("microseconds")
            .y_desc("% of requests")
            .x_label_formatter(&|time| label(*time))
            .y_label_formatter(&|percent| format!("{percent:.0}"))
            .draw()
            .map_err(text)?;
        for (colour, (half, way)) in COLOURS.iter().zip(&halves) {
            let step = |n: i32| f64::from(n) / 10.0;
            let at = |percent: f64| {
                let time = micro(half.latency.value_at_quantile(percent / 100.0));
                (time, percent)
            };
            let colour = *colour;
            chart
                .draw_series(LineSeries::new((0..=1000).map(|n| at(step(n))), colour))
                .map_err(text)?
                .label(way.name())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 15, y)], colour));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE)
            .border_style(BLACK)
            .draw()
            .map_err(text)?;
        area.present().map_err(text)?;
    }
    Ok(svg)
}

/// Of a logarithmic axis: those in between would stand on top of each other.
fn label(value: f64) -> String {
    let text = value.to_string();
    let first = text.trim_start_matches(['0', '.']);
    match first.starts_with(['1', '2', '5']) {
        true => text,
        false => String::new(),
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

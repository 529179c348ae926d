package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.stats.NightStats.CallClass;
import io.github.notearchive.archive.stats.NightStats.FailedNote;
import io.github.notearchive.archive.stats.NightStats.NewField;
import io.github.notearchive.archive.stats.NightStats.Remark;
import io.github.notearchive.archive.stats.NightStats.Retry;
import io.github.notearchive.archive.stats.NightStats.Stop;
import io.github.notearchive.archive.stats.OpenNotes.ReasonCount;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.io.Figures;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReport.Run;
import io.github.notearchive.report.NightReport.Slice;
import io.github.notearchive.report.NightReport.Slices;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The page of a night. What an operator needs first comes first: how it ended, what to do, who must decide; then the
 * numbers.
 */
final class ReportPage {

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm").withZone(Night.ZONE);
    private static final DateTimeFormatter CLOCK_SECONDS =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(Night.ZONE);
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("MM-dd", Locale.ROOT);

    private final NightReport night;
    private final Html html;

    /** The headings of the table that is being written, where its rows are stacked on a phone. */
    private List<String> stacked = List.of();

    private int column;

    private ReportPage(NightReport night) {
        this.night = night;
        this.html = Html.page("Night of " + night.night() + ", node " + night.node(), ReportStyle.CSS);
    }

    static String of(NightReport night) {
        return new ReportPage(night).write();
    }

    private String write() {
        html.raw("<header>\n<p class=\"soft\">note-archive, report of a night</p>\n<h1>Night of ")
                .text(night.night())
                .raw(", node ")
                .text(night.node())
                .raw("</h1>\n</header>\n<main>\n");
        verdict();
        next();
        tiles();
        failures();
        eyes();
        plots();
        calls();
        runs();
        comparison();
        backlog();
        store();
        newFields();
        settings();
        html.raw("</main>\n<footer>\n<p class=\"soft\">Times are those of Shanghai. ")
                .raw("Made from the tables of the archive alone; notes are named by their ids only. ")
                .raw("<code>note-archive report --night ")
                .text(night.night())
                .raw(" --node ")
                .text(night.node())
                .raw("</code> makes it again.</p>\n</footer>\n");
        return html.end();
    }

    // how it ended

    /** How bad an end is, as a class of the style sheet. */
    private static String tone(Run run) {
        if (run.exitNumber() == null) {
            return run.exitCode().equals(Run.KILLED) ? "bad" : "watch";
        }
        return switch (run.exitNumber()) {
            case 0 -> "good";
            case 3, 6, 7 -> "watch";
            default -> "bad";
        };
    }

    private static String sign(String tone) {
        return switch (tone) {
            case "good" -> "✓ ";
            case "watch" -> "! ";
            default -> "✕ ";
        };
    }

    private static String end(Run run) {
        if (run.exitNumber() != null) {
            return "Exit " + run.exitNumber() + ", " + run.exitCode();
        }
        return run.exitCode().equals(Run.KILLED) ? "Killed" : "Not over";
    }

    private void verdict() {
        Run last = night.last();
        html.raw("<section class=\"verdict " + tone(last) + "\" aria-labelledby=\"end\">\n")
                .raw("<p class=\"exit\" id=\"end\"><span aria-hidden=\"true\">")
                .text(sign(tone(last)))
                .raw("</span>")
                .text(end(last))
                .raw("</p>\n<p>")
                .text(sentence())
                .raw("</p>\n</section>\n");
    }

    /** What the night did. */
    private String sentence() {
        Past tonight = night.nights().getLast();
        List<String> did = new ArrayList<>();
        did.add(notes(tonight.archived()) + " archived");
        if (tonight.unavailable() > 0) {
            did.add(Figures.count(tonight.unavailable()) + " not there");
        }
        if (tonight.failed() > 0) {
            did.add(Figures.count(tonight.failed()) + " given up");
        }
        String reason = night.last().reason();
        String why = night.last().exitNumber() == null
                ? night.last().exitCode().equals(Run.KILLED)
                        ? "it could not write its end: it was killed, or the database was out of reach; the next run goes on where it was"
                        : "it has not: it goes on, or it ended without writing its end"
                : reason == null ? "no reason was given" : reason;
        return (tonight.left() == null
                        ? "What became of its notes is not known; it made "
                        : String.join(", ", did)
                                + (tonight.isWhole()
                                        ? ", by "
                                        : ", not counting a run that could not write its end, by "))
                + Figures.count(tonight.calls())
                + (tonight.calls() == 1 ? " call" : " calls")
                + " of which "
                + Figures.count(tonight.billed())
                + (tonight.billed() == 1 ? " is billed. " : " are billed. ")
                + (night.runs().size() == 1 ? "It ended because " : "The last run ended because ")
                + why.replaceFirst("\\.$", "")
                + ".";
    }

    private static String notes(long number) {
        return Figures.count(number) + (number == 1 ? " note" : " notes");
    }

    // what to do

    private void next() {
        Run last = night.last();
        html.raw("<h2>What to do next</h2>\n<ol class=\"next\">\n<li>");
        if (last.exitNumber() == null) {
            html.raw("Run again; it goes on where the killed one was: <code>note-archive run</code>");
        } else {
            html.text(sentenceCase(last.next())).raw(".");
        }
        html.raw("</li>\n");
        if (night.failedInAll() > 0) {
            html.raw("<li><a href=\"#eyes\">Decide about ")
                    .text(notes(night.failedInAll()))
                    .raw("</a> that nothing happens to any more by itself.</li>\n");
        }
        if (hasFindings(true)) {
            html.raw(
                    "<li>Have the damage that audits found repaired: <code>note-archive verify --repair</code>, then run.</li>\n");
        }
        if (hasFindings(false)) {
            html.raw(
                    "<li>Look at what else audits found: <code>note-archive verify</code>; <code>--delete-orphans</code> removes orphans.</li>\n");
        }
        if (night.newFields().stream().anyMatch(field -> "NEW".equals(field.state()))) {
            html.raw("<li><a href=\"#fields\">Look at the fields</a> that no answer had before.</li>\n");
        }
        html.raw("</ol>\n");
    }

    /** Whether findings are open that a repair deals with, or else such as it leaves alone. */
    private boolean hasFindings(boolean damage) {
        return night.findings().keySet().stream()
                .map(Damage.Kind::valueOf)
                .anyMatch(kind -> HealthCheck.isDamage(kind) == damage);
    }

    private static String sentenceCase(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private void tiles() {
        Past tonight = night.nights().getLast();
        Optional<Left> left = night.left();
        html.raw("<dl class=\"tiles\">\n");
        tile(
                "Notes archived",
                known(tonight, Figures.count(tonight.archived())),
                tonight.isWhole() ? "" : tonight.left() == null ? "not known" : "not counting a run without an end");
        Long allowed = left.map(Left::callsAllowed).orElse(null);
        tile(
                "Calls",
                Figures.count(tonight.calls()),
                allowed == null ? "no limit of our own" : "of " + Figures.count(allowed) + " a night");
        tile(
                "Billed",
                Figures.count(tonight.billed()),
                tonight.billingUnknown() == 0
                        ? "none in doubt"
                        : "and maybe " + Figures.count(tonight.billingUnknown()) + " more");
        tile(
                "Stored",
                known(tonight, Figures.size(tonight.bytes())),
                tonight.left() == null
                        ? "not known"
                        : Figures.count(tonight.files()) + (tonight.files() == 1 ? " file" : " files"));
        tile(
                "Took",
                Figures.took(night.took()),
                night.runs().size() == 1 ? "one run" : night.runs().size() + " runs");
        left.ifPresent(l -> tile(
                "Backlog", Figures.count(l.backlog()), l.due() == 0 ? "nothing due" : Figures.count(l.due()) + " due"));
        html.raw("</dl>\n");
    }

    /** A figure of what runs wrote themselves; of a night without such a run it is not known. */
    private static String known(Past past, String figure) {
        return past.left() == null ? "–" : figure;
    }

    private void tile(String name, String figure, String more) {
        html.raw("<div><dt>")
                .text(name)
                .raw("</dt><dd class=\"figure\">")
                .text(figure)
                .raw("</dd>");
        if (!more.isEmpty()) {
            html.raw("<dd class=\"soft\">").text(more).raw("</dd>");
        }
        html.raw("</div>\n");
    }

    // failures

    private void failures() {
        html.raw("<h2>What stands in the way</h2>\n");
        if (night.classes().isEmpty()) {
            html.raw("<p class=\"none\">Nothing: no note is put off or given up.</p>\n");
            return;
        }
        stack(
                "What stands in the way",
                night.classesAreOfTheEnd()
                        ? "All notes that were put off or given up when the last run of the night ended"
                        : "All notes that are put off or given up now; no run of the night kept this",
                "Notes#",
                "State",
                "Code#",
                "What it means",
                "What deals with it");
        for (ReasonCount count : night.classes()) {
            row();
            number(Figures.count(count.notes()));
            cell(count.state());
            number(code(count.code()));
            text(count.reason().meaning());
            html.raw("<td class=\"text\"").raw(place("cell")).raw(">");
            command(count.reason());
            html.raw("</td></tr>\n");
        }
        endTable();
    }

    private void command(StateReason reason) {
        if (reason.command().startsWith("note-archive")) {
            html.raw("<code>").text(reason.command()).raw("</code> ").text(reason.effect());
        } else {
            html.text(sentenceCase(reason.command()) + ": " + reason.effect());
        }
    }

    private static String code(@Nullable Integer code) {
        return code == null ? "–" : code.toString();
    }

    private void eyes() {
        html.raw("<h2 id=\"eyes\">Notes that need eyes</h2>\n");
        if (night.failedInAll() == 0) {
            html.raw("<p class=\"none\">None: this night gave up no note that is still given up.</p>\n");
        } else {
            stack(
                    "Notes that need eyes",
                    (night.failedInAll() > night.failedNotes().size()
                                    ? "The first " + night.failedNotes().size() + " of "
                                            + Figures.count(night.failedInAll())
                                    : Figures.count(night.failedInAll()))
                            + " given up by this night and still so; note-archive explain NOTE_ID tells the whole story of one",
                    "Note",
                    "Class",
                    "Code#",
                    "Reason");
            for (FailedNote failed : night.failedNotes()) {
                row();
                rowHead(failed.note());
                cell(failed.reason().name());
                number(code(failed.code()));
                text(failed.error());
                html.raw("</tr>\n");
            }
            endTable();
        }
        if (night.remarksInAll() > 0) {
            stack(
                    "Files with a remark",
                    "Stored, and not quite what the answer promised"
                            + (night.remarksInAll() > night.remarks().size()
                                    ? "; the first "
                                            + night.remarks().size()
                                            + " of "
                                            + Figures.count(night.remarksInAll())
                                    : "")
                            + (night.lesser() > 0
                                    ? "; "
                                            + Figures.count(night.lesser())
                                            + " in a lesser rendition, for which note-archive requeue --degraded buys new answers"
                                    : ""),
                    "Note",
                    "File",
                    "Remark");
            for (Remark remark : night.remarks()) {
                row();
                rowHead(remark.note());
                cell(remark.kind() + " " + remark.ordinal());
                text(remark.what());
                html.raw("</tr>\n");
            }
            endTable();
        }
    }

    // the night itself

    private void plots() {
        Slices slices = night.slices();
        html.raw("<h2>The night</h2>\n<div class=\"plots wide\">\n");
        calls(slices).draw(html);
        html.raw("</div>\n<div class=\"plots\">\n");
        rate(
                        "Notes answered, each minute",
                        slices,
                        slices.each().stream().map(Slice::notes).toList(),
                        Figures::count,
                        "notes")
                .draw(html);
        rate(
                        "Bytes stored, each minute",
                        slices,
                        slices.each().stream().map(Slice::bytes).toList(),
                        Figures::size,
                        "")
                .draw(html);
        html.raw("</div>\n");
    }

    private Plot calls(Slices slices) {
        List<Long> soFar = slices.each().stream().map(Slice::callsSoFar).toList();
        Long allowed = night.left().map(Left::callsAllowed).orElse(null);
        long made = soFar.stream().mapToLong(Long::longValue).max().orElse(0);
        List<Double> marks = new ArrayList<>();
        StringBuilder stops = new StringBuilder();
        for (Stop stop : night.stops()) {
            double share = (double) Duration.between(slices.from(), stop.at()).toMillis()
                    / Math.max(1, Duration.between(slices.from(), slices.to()).toMillis());
            if (share >= 0 && share <= 1) {
                marks.add(share);
            }
            String told = " Code 303 ended the night at " + CLOCK_SECONDS.format(stop.at()) + " (dashed).";
            if (stops.indexOf(told) < 0) { // several calls may meet it at once
                stops.append(told);
            }
        }
        if (allowed != null) {
            List<Long> left =
                    soFar.stream().map(calls -> Math.max(0, allowed - calls)).toList();
            return new Plot(
                    "Calls left tonight",
                    Figures.count(Math.max(0, allowed - soFar.getLast()))
                            + " of "
                            + Figures.count(allowed)
                            + " were left at the end, after those of all nodes since 00:00."
                            + stops,
                    Plot.Shape.STEPS,
                    left,
                    Math.max(1, allowed),
                    Figures::count,
                    times(slices),
                    marks);
        }
        return new Plot(
                "Calls so far",
                Figures.count(made)
                        + (made == 1 ? " call was" : " calls were")
                        + " made by all nodes since 00:00; no limit of our own is set."
                        + stops,
                Plot.Shape.STEPS,
                soFar,
                Plot.roundAbove(made),
                Figures::count,
                times(slices),
                marks);
    }

    private static Plot rate(String title, Slices slices, List<Long> amounts, LongFunction<String> label, String unit) {
        double minutes = slices.width().toMillis() / 60_000.0;
        List<Long> perMinute =
                amounts.stream().map(amount -> Math.round(amount / minutes)).toList();
        long all = amounts.stream().mapToLong(Long::longValue).sum();
        long most = perMinute.stream().mapToLong(Long::longValue).max().orElse(0);
        long busy = amounts.stream().filter(amount -> amount > 0).count();
        return new Plot(
                title,
                busy == 0
                        ? "None."
                        : (label.apply(all) + " " + unit).strip()
                                + " in all; at most "
                                + label.apply(most)
                                + " a minute, on average "
                                + label.apply(Math.round(all / (busy * minutes)))
                                + " while there were any.",
                Plot.Shape.BARS,
                perMinute,
                Plot.roundAbove(most),
                label,
                times(slices),
                List.of());
    }

    private static List<String> times(Slices slices) {
        Duration all = Duration.between(slices.from(), slices.to());
        DateTimeFormatter format = all.toMinutes() < 10 ? CLOCK_SECONDS : CLOCK;
        return List.of(
                format.format(slices.from()),
                format.format(slices.from().plus(all.dividedBy(2))),
                format.format(slices.to()));
    }

    private void calls() {
        html.raw("<h2>Calls</h2>\n");
        if (night.calls().isEmpty()) {
            html.raw("<p class=\"none\">None was made.</p>\n");
            return;
        }
        table(
                "Calls",
                "By question, code and bill; latency in milliseconds: half, 95 and 99 of 100 calls took no longer",
                "Question",
                "Code#",
                "Billed",
                "Calls#",
                "p50#",
                "p95#",
                "p99#");
        for (CallClass call : night.calls()) {
            row();
            rowHead(call.endpoint());
            number(
                    call.code() != null
                            ? call.code().toString()
                            : call.httpStatus() != null ? "HTTP " + call.httpStatus() : "none");
            cell(call.billed().name());
            number(Figures.count(call.calls()));
            number(milliseconds(call.p50()));
            number(milliseconds(call.p95()));
            number(milliseconds(call.p99()));
            html.raw("</tr>\n");
        }
        endTable();
        if (!night.retries().isEmpty()) {
            table(
                    "Retries of 301",
                    "Notes whose collection failed (301), and whether the provider had them later this night",
                    "Times put off#",
                    "Notes#",
                    "Answered#",
                    "Still waiting#");
            for (Retry retry : night.retries()) {
                row();
                number(Figures.count(retry.times()));
                number(Figures.count(retry.notes()));
                number(Figures.count(retry.answered()));
                number(Figures.count(retry.notes() - retry.answered()));
                html.raw("</tr>\n");
            }
            endTable();
        }
    }

    private static String milliseconds(@Nullable Long time) {
        return time == null ? "–" : Figures.count(time);
    }

    private void runs() {
        html.raw("<h2>Runs of the night</h2>\n");
        stack(
                "Runs of the night",
                "One after another; without an execution: it ended before one began",
                "Began",
                "Took#",
                "End",
                "Execution#",
                "Calls#",
                "Billed#",
                "Why");
        for (Run run : night.runs()) {
            row();
            rowHead(CLOCK_SECONDS.format(run.began()));
            number(run.ended() == null ? "–" : Figures.took(run.took()));
            endCell(run);
            number(run.execution() == null ? "–" : run.execution().toString());
            number(Figures.count(run.calls()));
            number(Figures.count(run.billed()));
            text(run.reason());
            html.raw("</tr>\n");
        }
        endTable();
    }

    private void endCell(Run run) {
        html.raw("<td")
                .raw(place("cell"))
                .raw("><span class=\"" + tone(run) + "\"><span aria-hidden=\"true\">")
                .text(sign(tone(run)))
                .raw("</span>")
                .text(run.exitNumber() == null ? end(run) : run.exitNumber() + " " + run.exitCode())
                .raw("</span></td>");
    }

    // beside other nights

    private void comparison() {
        List<Past> nights = night.nights();
        html.raw("<h2>Beside the nights before</h2>\n");
        if (nights.size() > 1) {
            html.raw("<div class=\"plots\">\n");
            if (areComparable()) {
                byNight("Notes archived, by night", knownNights(), Past::archived, Figures::count)
                        .draw(html);
            }
            byNight("Calls, by night", nights, Past::calls, Figures::count).draw(html);
            html.raw("</div>\n");
        }
        table(
                "The last nights",
                "The last "
                        + (nights.size() == 1 ? "night" : nights.size() + " nights")
                        + " with runs, the newest first; at most 14",
                "Night",
                "Last run",
                "Runs#",
                "Archived#",
                "Given up#",
                "Calls#",
                "Billed#",
                "Stored#",
                "Took#",
                "Backlog#");
        for (Past past : nights.reversed()) {
            Left left = past.left();
            row();
            rowHead(past.night());
            endCell(past.last());
            number(Figures.count(past.runs().size()));
            number(known(past, Figures.count(past.archived())));
            number(known(past, Figures.count(past.failed())));
            number(Figures.count(past.calls()));
            number(Figures.count(past.billed()));
            number(known(past, Figures.size(past.bytes())));
            number(Figures.took(past.took()));
            number(left == null ? "–" : Figures.count(left.backlog()));
            html.raw("</tr>\n");
        }
        endTable();
    }

    /** The nights of which is known what their runs did and left. */
    private List<Past> knownNights() {
        return night.nights().stream().filter(past -> past.left() != null).toList();
    }

    /** Whether this night is one of these, and there is another one. */
    private boolean areComparable() {
        return night.nights().getLast().left() != null && knownNights().size() > 1;
    }

    /** A number of each of some nights, over as many days as are compared; the others are empty. */
    private Plot byNight(String title, List<Past> nights, ToLongFunction<Past> value, LongFunction<String> label) {
        LocalDate last = night.night().date();
        LocalDate first = last.minusDays(NightReports.NIGHTS - 1L);
        Map<LocalDate, Long> values = new HashMap<>();
        for (Past past : nights) {
            values.put(past.night().date(), value.applyAsLong(past));
        }
        List<Long> days = first.datesUntil(last.plusDays(1))
                .map(day -> values.getOrDefault(day, 0L))
                .toList();
        long most = days.stream().mapToLong(Long::longValue).max().orElse(0);
        Past before = nights.get(nights.size() - 2);
        return new Plot(
                title,
                label.apply(days.getLast())
                        + " this night, "
                        + label.apply(value.applyAsLong(before))
                        + " in that of "
                        + before.night()
                        + "; at most "
                        + label.apply(most)
                        + " in these days.",
                Plot.Shape.BARS,
                days,
                Plot.roundAbove(most),
                label,
                List.of(DAY.format(first), DAY.format(last)),
                List.of());
    }

    private void backlog() {
        html.raw("<h2>Backlog</h2>\n");
        Optional<Left> kept = night.left();
        if (kept.isEmpty()) {
            html.raw("<p class=\"none\">Not known: no run of the night came to write it down.</p>\n");
            return;
        }
        Left left = kept.get();
        html.raw("<p>").text(outlook()).raw("</p>\n");
        if (areComparable()) {
            html.raw("<div class=\"plots\">\n");
            byNight("Backlog after each night", knownNights(), past -> backlogOf(past.left()), Figures::count)
                    .draw(html);
            byNight("Brought to their end, by night", knownNights(), Past::settled, Figures::count)
                    .draw(html);
            html.raw("</div>\n");
        }
        table("The worklist by state", "The worklist when the last run ended", "State", "Notes#", "What happens");
        state("PENDING", left.pending(), "the next run asks about them");
        state("POSTPONED", left.waiting(), "a run asks again, tonight or on a later night");
        state("ARCHIVED", left.archivedInAll(), "complete");
        state("UNAVAILABLE", left.goneInAll(), "looked at again after a while");
        state("FAILED", left.failedInAll(), "nothing, until somebody decides");
        endTable();
    }

    private static long backlogOf(@Nullable Left left) {
        return left == null ? 0 : left.backlog();
    }

    private void state(String state, long notes, String what) {
        row();
        rowHead(state);
        number(Figures.count(notes));
        text(what);
        html.raw("</tr>\n");
    }

    private String outlook() {
        NightReport.Outlook outlook = night.outlook().orElseThrow();
        if (outlook.backlog() == 0) {
            return "Nothing is left to be archived.";
        }
        String left = notes(outlook.backlog()) + (outlook.backlog() == 1 ? " is" : " are") + " left. ";
        String rate = "The last nights brought "
                + String.format(Locale.ROOT, "%,.1f", outlook.perNight())
                + " notes to their end each";
        return outlook.lastNight() == null
                ? left + rate + ": at this rate the backlog is never worked off."
                : left + rate + ": at this rate the last one is done in the night of " + outlook.lastNight() + ".";
    }

    // the store

    private void store() {
        html.raw("<h2>Store</h2>\n");
        Optional<Left> kept = night.left();
        if (kept.isEmpty()) {
            html.raw("<p class=\"none\">Not known: no run of the night came to write it down.</p>\n");
            return;
        }
        Left left = kept.get();
        List<Past> known = knownNights();
        Instant end = night.last().ended() == null
                ? night.last().began()
                : night.last().ended();
        html.raw("<p>")
                .text(Figures.count(left.objects())
                        + (left.objects() == 1 ? " file, " : " files, ")
                        + Figures.size(left.objectBytes())
                        + growth(known)
                        + ".")
                .raw("</p>\n<p>")
                .text(fixity(left, end))
                .raw("</p>\n");
        if (areComparable()) {
            html.raw("<div class=\"plots\">\n");
            byNight("Size of the store after each night", known, past -> bytesOf(past.left()), Figures::size)
                    .draw(html);
            byNight("Stored, by night", known, Past::bytes, Figures::size).draw(html);
            html.raw("</div>\n");
        }
        if (!night.findings().isEmpty()) {
            table(
                    "Open findings",
                    "What audits had found and nobody had repaired when the night ended",
                    "Kind",
                    "Objects#");
            night.findings().forEach((kind, count) -> {
                row();
                rowHead(kind);
                number(Figures.count(count));
                html.raw("</tr>\n");
            });
            endTable();
        }
    }

    private static long bytesOf(@Nullable Left left) {
        return left == null ? 0 : left.objectBytes();
    }

    private static String growth(List<Past> known) {
        if (known.size() < 2) {
            return "";
        }
        long more = bytesOf(known.getLast().left()) - bytesOf(known.getFirst().left());
        long nights = known.size() - 1L;
        if (more <= 0) {
            return ", no more than in the night of " + known.getFirst().night();
        }
        return nights == 1
                ? ", "
                        + Figures.size(more)
                        + " more than in the night of "
                        + known.getFirst().night()
                : ", on average " + Figures.size(more / nights) + " more after each of the last " + nights + " nights";
    }

    private static String fixity(Left left, Instant end) {
        if (left.objects() == 0) {
            return "There is nothing to be verified.";
        }
        String findings = left.openFindings() == 0
                ? "no finding is open"
                : Figures.count(left.openFindings()) + " findings are open";
        String never = left.neverVerified() == 0
                ? ""
                : ", " + Figures.count(left.neverVerified()) + " never were since a rebuild";
        return left.oldestVerified() == null
                ? "No file was ever verified; " + findings + "."
                : "The file that was verified the longest ago was so "
                        + age(Duration.between(left.oldestVerified(), end))
                        + " before the end of the night"
                        + never
                        + "; "
                        + findings
                        + ".";
    }

    private static String age(Duration age) {
        if (age.isNegative() || age.toMinutes() < 1) {
            return "less than a minute";
        }
        return age.toDays() > 1 ? age.toDays() + " days" : Figures.took(age);
    }

    // the rest

    private void newFields() {
        html.raw("<h2 id=\"fields\">New fields of answers</h2>\n");
        if (night.newFields().isEmpty()) {
            html.raw("<p class=\"none\">None: the answers are as they were.</p>\n");
            return;
        }
        html.raw(
                "<p>To say that one is as it should be: <code>UPDATE schema_drift SET state = 'BASELINE' WHERE path = '…'</code></p>\n");
        table(
                "New fields of answers",
                "Met for the first time this night, 50 at most",
                "Field",
                "Type",
                "State now",
                "Note that has it");
        for (NewField field : night.newFields()) {
            row();
            html.raw("<th scope=\"row\" class=\"text\">").text(field.path()).raw("</th>");
            cell(field.type());
            cell(field.state());
            cell(field.example());
            html.raw("</tr>\n");
        }
        endTable();
    }

    private void settings() {
        html.raw("<h2>Settings in force</h2>\n");
        Map<String, String> settings =
                new TreeMap<>(night.left().map(Left::settings).orElse(Map.of()));
        if (settings.isEmpty()) {
            html.raw("<p class=\"none\">Not known.</p>\n");
            return;
        }
        table("Settings in force", "Those that decide what a night does", "Setting", "Value");
        settings.forEach((name, value) -> {
            row();
            rowHead(name);
            text(value);
            html.raw("</tr>\n");
        });
        endTable();
    }

    // tables

    /**
     * Begins a table that is scrolled to the side where it is too wide.
     *
     * @param headings the columns; those of numbers end in #
     */
    private void table(String name, String caption, String... headings) {
        begin(name, caption, false, headings);
    }

    /**
     * Begins a table with long texts: on a phone each row stands as lines one below the other, each with its heading.
     */
    private void stack(String name, String caption, String... headings) {
        stacked = Stream.of(headings).map(ReportPage::plain).toList();
        begin(name, caption, true, headings);
    }

    private void begin(String name, String caption, boolean isStack, String... headings) {
        html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"")
                .text(name)
                .raw("\">\n<table")
                .raw(isStack ? " class=\"stack\" role=\"table\"" : "")
                .raw(">\n<caption><span>")
                .text(caption)
                .raw("</span></caption>\n<thead")
                .raw(isStack ? " role=\"rowgroup\"><tr role=\"row\">" : "><tr>");
        for (String heading : headings) {
            html.raw("<th scope=\"col\"")
                    .raw(heading.endsWith("#") ? " class=\"number\"" : "")
                    .raw(isStack ? " role=\"columnheader\">" : ">")
                    .text(plain(heading))
                    .raw("</th>");
        }
        html.raw("</tr></thead>\n<tbody").raw(isStack ? " role=\"rowgroup\">\n" : ">\n");
    }

    private static String plain(String heading) {
        return heading.endsWith("#") ? heading.substring(0, heading.length() - 1) : heading;
    }

    private void endTable() {
        html.raw("</tbody>\n</table>\n</div>\n");
        stacked = List.of();
    }

    private void row() {
        html.raw(stacked.isEmpty() ? "<tr>" : "<tr role=\"row\">");
        column = 0;
    }

    /** What a cell of a stacked table needs to be read without the table's head. */
    private String place(String role) {
        return stacked.isEmpty() ? "" : " role=\"" + role + "\" data-label=\"" + stacked.get(column++) + "\"";
    }

    private void rowHead(@Nullable Object text) {
        html.raw("<th scope=\"row\"")
                .raw(place("rowheader"))
                .raw(">")
                .text(text)
                .raw("</th>");
    }

    private void cell(@Nullable Object text) {
        html.raw("<td").raw(place("cell")).raw(">").text(text).raw("</td>");
    }

    private void text(@Nullable Object text) {
        html.raw("<td class=\"text\"").raw(place("cell")).raw(">").text(text).raw("</td>");
    }

    private void number(String number) {
        html.raw("<td class=\"number\"")
                .raw(place("cell"))
                .raw(">")
                .text(number)
                .raw("</td>");
    }
}

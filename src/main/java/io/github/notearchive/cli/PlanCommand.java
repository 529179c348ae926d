package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code plan}: shows what a run would do now. */
@Command(
        name = "plan",
        description = {
            "Shows what a run that starts now would do: due notes by class, the calls they need and how many of them"
                    + " tonight's limits allow, the duration, the end of the backlog, and what is left out and why."
                    + " Makes no call and changes nothing."
        },
        footer = {"", "Exit codes: 0 shown; 1 unexpected error; 2 configuration; 8 the database is unavailable."})
final class PlanCommand extends ArchiveCommand {

    @Mixin
    private JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Exception {
        return execute(NightPlanner.class, planner -> {
            NightPlan plan = planner.plan();
            json.print(plan, out(), out -> print(plan, out));
            return ExitCode.COMPLETED;
        });
    }

    static void print(NightPlan plan, PrintWriter out) {
        out.println("Night of %s in Shanghai, node %s, as of %s"
                .formatted(plan.night(), plan.node(), DisplayFormat.minute(plan.at())));
        plan.obstacles().forEach(reason -> out.println("  a run would not start: " + TerminalText.line(reason)));
        TextTable due = new TextTable("class", "notes", "calls");
        plan.due().forEach(group -> due.row(group.kind().label(), group.notes(), group.calls()));
        due.print("Due now, in the order of processing", "nothing", out);
        print(plan.calls(), out);
        TextTable limits = new TextTable("configured limit", "a night", "used", "left");
        plan.limits()
                .forEach(limit -> limits.row(
                        limit.name(),
                        limit.limit() == 0 ? "none" : amount(limit, limit.limit()),
                        amount(limit, limit.used()),
                        limit.left() == null ? "-" : amount(limit, limit.left())));
        out.print(limits);
        print(plan.duration(), out);
        out.println("Backlog");
        out.println("  " + describe(plan.backlog()));
        if (!plan.leftOut().isEmpty()) {
            TextTable left = new TextTable("", "reason", "until");
            plan.leftOut().forEach(group -> left.row(group.notes(), group.why(), until(group)));
            left.print("Left out (times of Shanghai)", "nothing", out);
        }
        if (!plan.notKnown().isEmpty()) {
            out.println("Not known");
            plan.notKnown().forEach(unknown -> out.println("  " + TerminalText.line(unknown)));
        }
    }

    private static void print(NightPlan.CallsNeeded calls, PrintWriter out) {
        String expected = calls.expected() == calls.needed()
                ? ""
                : ", about %d at %s calls per response".formatted(calls.expected(), decimal(calls.perAnswer(), 2));
        out.println("Calls");
        line(out, "needed", calls.needed() + expected);
        line(
                out,
                "tonight",
                calls.tonight() + (calls.because() == null ? "" : ": " + TerminalText.line(calls.because())));
    }

    private static void print(NightPlan.ExpectedDuration duration, PrintWriter out) {
        out.println("Time");
        line(
                out,
                "tonight",
                duration.expected().isZero() ? "none" : "about " + DisplayFormat.took(duration.expected()));
        line(
                out,
                "",
                "%s calls a second by %s; a call %s s (%s), the files of a note %s s (%s)"
                        .formatted(
                                decimal(duration.callsPerSecond(), 1),
                                duration.bound(),
                                decimal(duration.latency().toMillis() / 1000.0, 2),
                                sample(duration.measuredCalls(), "calls"),
                                decimal(duration.files().toMillis() / 1000.0, 2),
                                sample(duration.measuredNotes(), "notes")));
        if (duration.end() != null) {
            out.println("  a run that starts now ends at " + DisplayFormat.minute(duration.end()));
        }
    }

    private static String describe(NightPlan.BacklogEnd backlog) {
        if (backlog.calls() == 0) {
            return "ends tonight";
        }
        String because = TerminalText.line(backlog.because());
        return backlog.lastNight() == null
                ? "%d calls remain after tonight, and no night allows any: %s".formatted(backlog.calls(), because)
                : "ends in the night of %s: %d calls remain after tonight, %d a night by %s"
                        .formatted(backlog.lastNight(), backlog.calls(), backlog.perNight(), because);
    }

    private static String until(NightPlan.LeftOut group) {
        if (group.next() == null) {
            return group.advice();
        }
        return DisplayFormat.minute(group.next()) + (group.advice().isEmpty() ? "" : "; " + group.advice());
    }

    private static String amount(NightPlan.Limit limit, long amount) {
        return limit.unit().equals("bytes") ? DisplayFormat.size(amount) : String.valueOf(amount);
    }

    private static String sample(long size, String what) {
        return size == 0 ? "assumed" : "median of " + size + " " + what;
    }

    private static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}

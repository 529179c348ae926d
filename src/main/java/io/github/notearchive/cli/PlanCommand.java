package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code plan}: what a run would do now, without doing it. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what a run that began now would do: the notes that are due by class, the calls they need and how many of"
                    + " them tonight's limits allow, how long that takes, the night in which the backlog ends, and what is"
                    + " left out and why. Makes no call and changes nothing."
        },
        footer = {
            "",
            "Exit codes: 0 shown, whatever it says; 1 unforeseen; 2 configuration; 8 the database is out of reach."
        })
final class PlanCommand implements Callable<Integer> {

    @Option(names = "--json", description = "Prints the same as one JSON document.")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        try (CommandContext context = CommandContext.openExisting()) {
            NightPlan plan = context.get(NightPlanner.class).plan();
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                Json.print(plan, out);
            } else {
                print(plan, out);
            }
            out.flush();
            return ExitCode.COMPLETED.number();
        }
    }

    static void print(NightPlan plan, PrintWriter out) {
        out.printf(
                "The night of %s in Shanghai, for node %s, as of %s%n",
                plan.night(), plan.node(), DisplayFormat.minute(plan.at()));
        for (String obstacle : plan.obstacles()) {
            out.println("  no run would begin: " + TerminalText.line(obstacle));
        }
        printDue(plan.due(), out);
        print(plan.calls(), out);
        printLimits(plan.limits(), out);
        print(plan.duration(), out);
        print(plan.backlog(), out);
        if (!plan.leftOut().isEmpty()) {
            printLeftOut(plan.leftOut(), out);
        }
        if (!plan.notKnown().isEmpty()) {
            out.println("Not known");
            plan.notKnown().forEach(unknown -> out.println("  " + TerminalText.line(unknown)));
        }
    }

    private static void printDue(List<NightPlan.DueClass> classes, PrintWriter out) {
        out.println("Due now, in the order in which it is taken up");
        TextTable due = new TextTable("class", "notes", "calls");
        classes.forEach(of -> due.row(of.kind().label(), of.notes(), of.calls()));
        out.print(due.isEmpty() ? "  nothing\n" : due);
    }

    private static void print(NightPlan.CallsNeeded calls, PrintWriter out) {
        out.printf("Calls%n  needed   %d", calls.needed());
        if (calls.expected() != calls.needed()) {
            out.printf(
                    ", and about %d as it took %s calls for an answer",
                    calls.expected(), decimal(calls.perAnswer(), 2));
        }
        out.printf(
                "%n  tonight  %d%s%n",
                calls.tonight(), calls.because() == null ? "" : ": " + TerminalText.line(calls.because()));
    }

    private static void printLimits(List<NightPlan.Limit> ours, PrintWriter out) {
        TextTable limits = new TextTable("our own limit", "a night", "used", "left");
        ours.forEach(limit -> limits.row(
                limit.name(),
                limit.limit() == 0 ? "none" : amount(limit, limit.limit()),
                amount(limit, limit.used()),
                limit.left() == null ? "-" : amount(limit, limit.left())));
        out.print(limits);
    }

    private static void print(NightPlan.ExpectedDuration duration, PrintWriter out) {
        out.printf(
                "Time%n  tonight  %s%n",
                duration.expected().isZero() ? "none" : "about " + DisplayFormat.took(duration.expected()));
        out.printf(
                "           %s calls a second by %s; a call %s s (%s), the files of a note %s s (%s)%n",
                decimal(duration.callsPerSecond(), 1),
                duration.bound(),
                decimal(duration.latency().toMillis() / 1000.0, 2),
                measured(duration.measuredCalls(), "calls"),
                decimal(duration.files().toMillis() / 1000.0, 2),
                measured(duration.measuredNotes(), "notes"));
        if (duration.end() != null) {
            out.printf("  a run that begins now ends at %s%n", DisplayFormat.minute(duration.end()));
        }
    }

    private static void print(NightPlan.BacklogEnd backlog, PrintWriter out) {
        out.println("Backlog");
        if (backlog.calls() == 0) {
            out.println("  ends tonight");
        } else if (backlog.lastNight() == null) {
            out.printf(
                    "  %d calls are left after tonight, and no night allows any: %s%n",
                    backlog.calls(), TerminalText.line(backlog.because()));
        } else {
            out.printf(
                    "  ends in the night of %s: %d calls are left after tonight, %d a night by %s%n",
                    backlog.lastNight(), backlog.calls(), backlog.perNight(), TerminalText.line(backlog.because()));
        }
    }

    private static void printLeftOut(List<NightPlan.LeftOut> groups, PrintWriter out) {
        out.println("Left out (times of Shanghai)");
        TextTable left = new TextTable("", "why", "until");
        groups.forEach(of -> left.row(
                of.notes(),
                of.why(),
                of.next() == null
                        ? of.advice()
                        : DisplayFormat.minute(of.next()) + (of.advice().isEmpty() ? "" : "; " + of.advice())));
        out.print(left);
    }

    private static String amount(NightPlan.Limit limit, long amount) {
        return limit.unit().equals("bytes") ? DisplayFormat.size(amount) : String.valueOf(amount);
    }

    private static String measured(long of, String what) {
        return of == 0 ? "assumed" : "median of " + of + " " + what;
    }

    private static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}

package io.github.notearchive.cli;

import io.github.notearchive.io.TerminalText;
import io.github.notearchive.maintenance.verify.VerifySummary;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.telemetry.notify.Ended;
import io.github.notearchive.telemetry.notify.RunTelemetry;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Tells whoever wants to know how a command ended, whichever way it did. That is the last thing a command does, after
 * it has printed its result.
 */
final class Telling {

    private Telling() {}

    /** Runs, and tells of it; what breaks breaks as before. */
    static RunSummary ofRun(CommandContext context, Supplier<RunSummary> work) {
        RunTelemetry telemetry = context.get(RunTelemetry.class);
        telemetry.open("run");
        try {
            RunSummary summary = work.get();
            telemetry.ended(Ended.of(summary, summary.next()));
            return summary;
        } catch (RuntimeException | Error e) {
            telemetry.ended(broken(e));
            throw e;
        }
    }

    /** Audits, and tells of it; what breaks breaks as before. */
    static VerifySummary ofAudit(
            CommandContext context, Supplier<VerifySummary> work, Function<VerifySummary, String> next) {
        RunTelemetry telemetry = context.get(RunTelemetry.class);
        telemetry.open("verify");
        try {
            VerifySummary summary = work.get();
            telemetry.ended(Ended.of(summary, next.apply(summary)));
            return summary;
        } catch (RuntimeException | Error e) {
            telemetry.ended(broken(e));
            throw e;
        }
    }

    /** By the same reading of the exception as the process's exit code. */
    private static Ended broken(Throwable e) {
        CommandFailure failure = ErrorTranslator.told(e);
        return Ended.broken(
                failure.exitCode(),
                TerminalText.line(failure.getMessage()),
                failure.exitCode().nextUnbegun());
    }
}

package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code plan}: shows what a run would do now. */
@Command(name = "plan")
final class PlanCommand extends JsonCommand {

    @Override
    public Integer call() throws Exception {
        return read(context -> {
            print(context.get(NightPlanner.class).plan(), "plan");
            return ExitCode.COMPLETED;
        });
    }

    static String amount(NightPlan.Limit limit, long amount) {
        return limit.unit().equals("bytes") ? DisplayFormat.size(amount) : DisplayFormat.plural(amount, "call");
    }

    static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}

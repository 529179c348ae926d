package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.EffectiveSettings;
import io.github.notearchive.cli.config.EffectiveSettings.Effective;
import io.github.notearchive.cli.config.Origins;
import io.github.notearchive.cli.config.SettingsEnvironment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code config}: shows the settings. */
@Command(
        name = "config",
        synopsisSubcommandLabel = "show",
        mixinStandardHelpOptions = true,
        subcommands = ConfigCommand.Show.class)
public final class ConfigCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Shows the settings, as {@code config show}. */
    @Override
    public Integer call() {
        return Objects.requireNonNull(spec.subcommands().get("show")).execute();
    }

    /** {@code config show}: shows each setting with its origin. */
    @Command(name = "show")
    static final class Show extends JsonCommand {

        @Option(names = "--changed")
        private boolean changed;

        /**
         * Result, as printed.
         *
         * @param problems problems of no single setting: unknown settings, rules between settings
         * @param remarks harmless irregularities
         */
        record Settings(boolean usable, List<Effective> settings, List<String> problems, List<String> remarks) {

            int width(Function<Effective, String> column, int limit) {
                return settings.stream()
                        .mapToInt(setting -> Math.clamp(column.apply(setting).length(), 1, limit))
                        .max()
                        .orElse(1);
            }
        }

        @Override
        public Integer call() {
            EffectiveSettings effective = new EffectiveSettings(SettingsEnvironment.read(withDirectory(Map.of())));
            Set<String> problems = new LinkedHashSet<>(effective.problems());
            problems.addAll(effective.bindingProblems());
            Set<String> general = new LinkedHashSet<>(problems);
            List<Effective> shown = new ArrayList<>();
            for (Effective setting : effective.all()) {
                Pattern start = Pattern.compile("(The setting )?" + Pattern.quote(setting.name()) + "[ \\[].*");
                List<String> own = problems.stream()
                        .filter(problem -> start.matcher(problem).lookingAt())
                        .toList();
                own.forEach(general::remove);
                Effective row = setting.with(own);
                if (!changed
                        || !row.origin().equals(Origins.DEFAULT)
                        || !row.problems().isEmpty()) {
                    shown.add(row);
                }
            }
            boolean usable = general.isEmpty()
                    && shown.stream().allMatch(each -> each.problems().isEmpty());
            Settings settings = new Settings(usable, shown, List.copyOf(general), effective.unused());
            print(settings, "config");
            return (usable ? ExitCode.COMPLETED : ExitCode.USAGE).number();
        }
    }
}

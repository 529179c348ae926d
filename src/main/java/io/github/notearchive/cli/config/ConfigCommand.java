package io.github.notearchive.cli.config;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.ArchiveCommand;
import io.github.notearchive.cli.ErrorTranslator;
import io.github.notearchive.cli.config.EffectiveSettings.Effective;
import io.github.notearchive.cli.config.KnownSettings.Known;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.TerminalText;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.validation.ValidationBindHandler;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.validation.beanvalidation.SpringValidatorAdapter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code config}: the settings as this program reads them. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "show",
        description = "Tells about the settings.",
        subcommands = ConfigCommand.Show.class)
public final class ConfigCommand implements Runnable {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: config show");
    }

    /** {@code config show}: what each setting is, and who said so. */
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = {
                "Prints every setting with its value and who set it, secrets masked.",
                "Starts nothing and needs no server. What is wrong with a value stands below it."
            },
            footer = {"", "Exit codes: 0 all settings are usable; 2 some are not."})
    static final class Show implements Callable<Integer> {

        private static final int WIDEST = 48;
        private static final String NOTHING = "-";

        @Option(names = "--json", description = "Prints the same as one JSON document.")
        private boolean json;

        @Option(names = "--changed", description = "Leaves out what nobody has set and nothing is wrong with.")
        private boolean changed;

        @Spec
        private CommandSpec spec = CommandSpec.create();

        /** A setting as it is printed. */
        record Shown(
                String name, String variable, String value, boolean secret, String origin, List<String> problems) {}

        /**
         * All of it, as it is printed.
         *
         * @param problems what is wrong with no setting of its own: unknown words, rules between several settings
         * @param remarks what is odd and does no harm
         */
        record Settings(boolean usable, List<Shown> settings, List<String> problems, List<String> remarks) {}

        @Override
        public Integer call() {
            Settings settings = read(SettingsEnvironment.read());
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                ArchiveCommand.printJson(settings, out);
            } else {
                print(settings, out);
            }
            out.flush();
            return (settings.usable() ? ExitCode.COMPLETED : ExitCode.USAGE).number();
        }

        private Settings read(ConfigurableEnvironment environment) {
            KnownSettings known = KnownSettings.scan(SettingsEnvironment.PROGRAM);
            Set<String> problems = new LinkedHashSet<>();
            problems.addAll(SettingsRules.problems(environment));
            problems.addAll(problemsOf(environment, known));
            List<Shown> shown = new ArrayList<>();
            Set<String> general = new LinkedHashSet<>(problems);
            for (Effective setting : EffectiveSettings.of(environment, known)) {
                List<String> own = problems.stream()
                        .filter(each -> isAbout(setting.name(), each))
                        .toList();
                general.removeAll(own);
                if (setting.trouble() != null) {
                    own = List.of(setting.trouble());
                }
                if (!changed || !setting.isDefault() || !own.isEmpty()) {
                    shown.add(new Shown(
                            setting.name(),
                            setting.variable(),
                            setting.value(),
                            setting.secret(),
                            setting.origin(),
                            own));
                }
            }
            boolean usable = general.isEmpty()
                    && shown.stream().allMatch(each -> each.problems().isEmpty());
            return new Settings(usable, shown, List.copyOf(general), EffectiveSettings.unused(environment, known));
        }

        private static boolean isAbout(String name, String problem) {
            return problem.startsWith(name + " ")
                    || problem.startsWith("The setting " + name + " ")
                    || problem.startsWith("The setting " + name + "[");
        }

        /** What the records say of their settings, told as a command that needs them would. */
        private static Set<String> problemsOf(ConfigurableEnvironment environment, KnownSettings known) {
            Set<String> problems = new LinkedHashSet<>();
            Set<String> unreadable = new HashSet<>();
            try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
                var validator = new SpringValidatorAdapter(factory.getValidator());
                Binder binder = Binder.get(environment, new ValidationBindHandler(validator));
                Map<String, Object> readable = new HashMap<>();
                for (Known setting : known.all()) {
                    try {
                        binder.bind(setting.name(), Bindable.of(setting.type()))
                                .ifBound(value -> readable.put(setting.name(), value));
                    } catch (BindException e) {
                        problems.add(told(e));
                        unreadable.add(setting.name());
                    }
                }
                for (Class<?> record : known.records()) {
                    List<Known> own = known.in(record);
                    if (own.stream().map(Known::name).noneMatch(unreadable::contains)) {
                        problems.addAll(rulesBroken(binder, record));
                        continue;
                    }
                    // the record cannot be made, but each of the others has rules of its own
                    for (Known setting : own) {
                        Object value = readable.get(setting.name());
                        if (value != null) {
                            validator
                                    .validateValue(
                                            setting.holder(),
                                            setting.component().getName(),
                                            value)
                                    .forEach(rule -> problems.add(setting.name() + " " + rule.getMessage()));
                        }
                    }
                }
            }
            return problems;
        }

        private static List<String> rulesBroken(Binder binder, Class<?> record) {
            try {
                binder.bind(KnownSettings.prefixOf(record), Bindable.of(ResolvableType.forClass(record)));
                return List.of();
            } catch (BindException e) {
                String told = told(e);
                // a heading, and a line for each rule; or one line for all
                List<String> rules = told.lines().skip(1).map(String::strip).toList();
                return rules.isEmpty() ? List.of(told) : rules;
            }
        }

        private static String told(BindException e) {
            return ErrorTranslator.explain(e)
                    .map(failure -> String.valueOf(failure.getMessage()))
                    .orElseGet(() -> DatabaseErrors.summary(e));
        }

        private static void print(Settings settings, PrintWriter out) {
            int names = width(settings, Shown::name, 0);
            int values = width(settings, Shown::value, WIDEST);
            String row = "%-" + names + "s  %-" + values + "s  %s%n";
            for (Shown setting : settings.settings()) {
                out.printf(
                        row,
                        setting.name(),
                        TerminalText.line(setting.value().isEmpty() ? NOTHING : setting.value()),
                        TerminalText.line(setting.origin()));
                setting.problems().forEach(problem -> out.println("  ! " + TerminalText.line(problem)));
            }
            settings.problems().forEach(problem -> out.println("! " + TerminalText.line(problem)));
            settings.remarks().forEach(remark -> out.println("  " + TerminalText.line(remark)));
            if (!settings.usable()) {
                out.println("Not usable: put right what is marked with !");
            }
        }

        private static int width(Settings settings, Function<Shown, String> column, int atMost) {
            int width = settings.settings().stream()
                    .mapToInt(setting -> column.apply(setting).length())
                    .max()
                    .orElse(1);
            return Math.max(1, atMost == 0 ? width : Math.min(width, atMost));
        }
    }
}

package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.EffectiveSettings;
import io.github.notearchive.cli.config.KnownSettings;
import io.github.notearchive.cli.config.SettingsEnvironment;
import io.github.notearchive.cli.config.UnknownSettings;
import io.github.notearchive.telemetry.logging.LogAppender;
import io.github.notearchive.telemetry.logging.LogProperties;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.util.function.SingletonSupplier;

/**
 * The running program behind a command: settings read at once, each part made when it is first asked for.
 *
 * <p>Closing it stops what it started, the embedded servers last.
 */
public final class CommandContext implements AutoCloseable {

    private final ConfigurableApplicationContext context;

    /** Collected when the first rule asks for them, for all rules. */
    private final SingletonSupplier<KnownSettings> known = SingletonSupplier.of(this::knownSettings);

    private CommandContext(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Opens it with the settings of the environment. */
    public static CommandContext open() {
        return open(Map.of(), null);
    }

    /**
     * Opens it with some settings given by the command, which win over all others.
     *
     * @param clock the clock to use; null for the machine's
     */
    public static CommandContext open(Map<String, String> settings, @Nullable Clock clock) {
        CommandContext archive = openUnchecked(settings, clock);
        try {
            archive.get(LogProperties.class); // otherwise nobody would ask for it
            archive.requireKnownSettings();
            archive.requireUnits();
            archive.requirePostgres();
            return archive;
        } catch (RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    /**
     * Opens it for a command that begins no archive.
     *
     * @throws CommandFailure when there is none yet
     */
    static CommandContext openExisting() {
        return openExisting(Map.of());
    }

    /**
     * Opens it for a command that begins no archive, with some settings that win over all others.
     *
     * @throws CommandFailure when there is none yet
     */
    static CommandContext openExisting(Map<String, String> settings) {
        CommandContext archive = open(settings, null);
        try {
            ArchiveLocation.requireExisting(archive);
            return archive;
        } catch (RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    /** Opens it, also where the settings are such that nothing could be done with it. */
    public static CommandContext openUnchecked(Map<String, String> settings, @Nullable Clock clock) {
        SettingsEnvironment.locate();
        String[] arguments = settings.entrySet().stream()
                .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
        return new CommandContext(new SpringApplicationBuilder(ArchiveApplication.class)
                .environment(new SettingsEnvironment())
                .bannerMode(Banner.Mode.OFF)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .logStartupInfo(false)
                .listeners(new LogAppender())
                .initializers(context -> {
                    if (clock != null && context instanceof GenericApplicationContext generic) {
                        generic.registerBean(Clock.class, () -> clock);
                    }
                })
                .run(arguments));
    }

    /** A setting that is mistyped would be silently left at its default. */
    public void requireKnownSettings() {
        List<UnknownSettings.Unknown> unknown = UnknownSettings.in(context.getEnvironment(), known.obtain());
        if (!unknown.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    unknown.stream()
                            .map(UnknownSettings.Unknown::toString)
                            .collect(Collectors.joining(
                                    "\n  ",
                                    "There are settings that set nothing:\n  ",
                                    "\nnote-archive config show has all that there are")));
        }
    }

    /** What has lost its unit would be a thousandth of what was meant, or less. */
    public void requireUnits() {
        List<String> without = EffectiveSettings.withoutUnit(context.getEnvironment(), known.obtain());
        if (!without.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    without.stream().collect(Collectors.joining("\n  ", "The settings are not usable:\n  ", "")));
        }
    }

    private KnownSettings knownSettings() {
        return KnownSettings.of(Arrays.stream(context.getBeanNamesForAnnotation(ConfigurationProperties.class))
                .map(context::getType)
                .filter(Objects::nonNull)
                .filter(type -> type.getName().startsWith(SettingsEnvironment.PROGRAM))
                .toList());
    }

    public void requirePostgres() {
        requirePostgres(context.getEnvironment().getProperty("spring.datasource.url"));
    }

    /** An address that no driver of ours knows would fail late and in the words of others. */
    public static void requirePostgres(@Nullable String url) {
        if (url != null && !url.isBlank() && Driver.parseURL(url, null) == null) {
            String shown = url.replaceFirst("//[^/]*@", "//***@").replaceAll("(?i)(password=)[^&]*", "$1***");
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "ARCHIVE_DATABASE_URL is \""
                            + shown
                            + "\", but must look like jdbc:postgresql://host:5432/database; user and password go into ARCHIVE_DATABASE_USER and ARCHIVE_DATABASE_PASSWORD");
        }
    }

    /** The text of a setting; empty where it is not set. */
    String setting(String name) {
        return context.getEnvironment().getProperty(name, "");
    }

    public <T> T get(Class<T> part) {
        return context.getBean(part);
    }

    /** Whether there is such a part, made or not. */
    public boolean has(Class<?> part) {
        return context.getBeanNamesForType(part, true, false).length > 0;
    }

    /** Reads all our settings, and says of each group that cannot be used what is wrong with it. */
    public List<RuntimeException> unusableSettings() {
        List<RuntimeException> unusable = new ArrayList<>();
        for (String name : context.getBeanNamesForAnnotation(ConfigurationProperties.class)) {
            if (name.startsWith("archive")) {
                try {
                    Object _ = context.getBean(name);
                } catch (RuntimeException e) {
                    unusable.add(e);
                }
            }
        }
        return unusable;
    }

    /** Brings the schema up to date, as any part that uses the database does by itself. */
    public void migrate() {
        get(FlywayMigrationInitializer.class);
    }

    @Override
    public void close() {
        context.close();
    }
}

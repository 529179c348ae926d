package io.github.notearchive.cli;

import io.github.notearchive.job.ExitCode;
import io.github.notearchive.settings.EffectiveSettings;
import io.github.notearchive.settings.KnownSettings;
import io.github.notearchive.settings.UnknownSettings;
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
final class ArchiveContext implements AutoCloseable {

    private final ConfigurableApplicationContext context;

    /** Collected when the first rule asks for them, for all rules. */
    private final SingletonSupplier<KnownSettings> known = SingletonSupplier.of(this::knownSettings);

    private ArchiveContext(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Opens it with the settings of the environment. */
    static ArchiveContext open() {
        return open(Map.of(), null);
    }

    /**
     * Opens it with some settings given by the command, which win over all others.
     *
     * @param clock the clock to use; null for the machine's
     */
    static ArchiveContext open(Map<String, String> settings, @Nullable Clock clock) {
        ArchiveContext archive = openUnchecked(settings, clock);
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
    static ArchiveContext openExisting() {
        return openExisting(Map.of());
    }

    /**
     * Opens it for a command that begins no archive, with some settings that win over all others.
     *
     * @throws CommandFailure when there is none yet
     */
    static ArchiveContext openExisting(Map<String, String> settings) {
        ArchiveContext archive = open(settings, null);
        try {
            WhichArchive.requireExisting(archive);
            return archive;
        } catch (RuntimeException e) {
            archive.close();
            throw e;
        }
    }

    /** Opens it, also where the settings are such that nothing could be done with it. */
    static ArchiveContext openUnchecked(Map<String, String> settings, @Nullable Clock clock) {
        SettingsEnvironment.locate();
        String[] arguments = settings.entrySet().stream()
                .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                .toArray(String[]::new);
        return new ArchiveContext(new SpringApplicationBuilder(ArchiveApplication.class)
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
    void requireKnownSettings() {
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
    void requireUnits() {
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

    void requirePostgres() {
        requirePostgres(context.getEnvironment().getProperty("spring.datasource.url"));
    }

    /** An address that no driver of ours knows would fail late and in the words of others. */
    static void requirePostgres(@Nullable String url) {
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

    <T> T get(Class<T> part) {
        return context.getBean(part);
    }

    /** Whether there is such a part, made or not. */
    boolean has(Class<?> part) {
        return context.getBeanNamesForType(part, true, false).length > 0;
    }

    /** Reads all our settings, and says of each group that cannot be used what is wrong with it. */
    List<RuntimeException> unusableSettings() {
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
    void migrate() {
        get(FlywayMigrationInitializer.class);
    }

    @Override
    public void close() {
        context.close();
    }
}

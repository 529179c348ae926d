package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.EffectiveSettings;
import io.github.notearchive.cli.config.SettingsEnvironment;
import io.github.notearchive.telemetry.logging.LogAppender;
import io.github.notearchive.telemetry.logging.LogProperties;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Application context of a command. Beans are created when they are first used, so a command starts only what it needs.
 *
 * <p>Closing it stops everything that it started, the embedded servers last.
 */
public final class CommandContext implements AutoCloseable {

    private final ConfigurableApplicationContext context;

    private CommandContext(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /** Opens a context with the settings of the environment. */
    static CommandContext open() {
        return open(Map.of(), null);
    }

    /**
     * Opens a context.
     *
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     * @throws CommandFailure if a setting is unknown or has no unit
     */
    public static CommandContext open(Map<String, String> settings, @Nullable Clock clock) {
        return open(settings, clock, context -> {
            context.get(LogProperties.class); // no other bean uses it
            requireValid(context.settings().problems());
        });
    }

    /**
     * Opens a context for a command that never creates an archive.
     *
     * @param settings settings that have precedence over all others
     * @throws CommandFailure if there is no archive, or a setting is unknown or has no unit
     */
    static CommandContext openExisting(Map<String, String> settings) {
        return open(settings, null, context -> {
            context.get(LogProperties.class);
            requireValid(context.settings().problems());
            context.get(ArchiveLocation.class).requireExisting();
        });
    }

    /** Opens a context without checking the settings. */
    public static CommandContext openUnchecked(Map<String, String> settings, @Nullable Clock clock) {
        return open(settings, clock, _ -> {});
    }

    private static CommandContext open(
            Map<String, String> settings, @Nullable Clock clock, Consumer<CommandContext> check) {
        SettingsEnvironment.locate();
        CommandContext context = new CommandContext(new SpringApplicationBuilder(ArchiveApplication.class)
                .environment(new SettingsEnvironment())
                .bannerMode(Banner.Mode.OFF)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .logStartupInfo(false)
                .listeners(new LogAppender())
                .initializers(created -> {
                    if (clock != null && created instanceof GenericApplicationContext generic) {
                        generic.registerBean(Clock.class, () -> clock);
                    }
                })
                .run(settings.entrySet().stream()
                        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                        .toArray(String[]::new)));
        try {
            check.accept(context);
            return context;
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
    }

    private static void requireValid(List<String> problems) {
        if (!problems.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "The settings are not usable:\n  %s\nnote-archive config show lists all settings"
                            .formatted(String.join("\n  ", problems)));
        }
    }

    public EffectiveSettings settings() {
        return new EffectiveSettings(context.getEnvironment());
    }

    /** Returns the bean of a type. A command calls this once, with its action. */
    public <T> T get(Class<T> type) {
        return context.getBean(type);
    }

    @Override
    public void close() {
        context.close();
    }
}

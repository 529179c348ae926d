package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.batch.MigrationHistory;
import io.github.notearchive.batch.ReadOnlyPool;
import io.github.notearchive.batch.SingleConnection;
import io.github.notearchive.browse.BrowseConfiguration;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.cli.config.EffectiveSettings;
import io.github.notearchive.cli.config.SettingsEnvironment;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.telemetry.logging.LogProperties;
import java.lang.reflect.Constructor;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotatedBeanDefinitionReader;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;

/**
 * Application context of a command. Beans are created when they are first used, so a command starts only what it needs.
 *
 * <p>Closing it stops everything that it started, the embedded servers last.
 */
public final class CommandContext implements AutoCloseable {

    /** Components of the commands that read, beside those that they obtain: one connection instead of a pool. */
    private static final List<Class<?>> READING =
            List.of(ProgramConfiguration.class, SingleConnection.class, ArchiveLocation.class, MigrationHistory.class);

    /** Components of the pages, with what their components of the archive require of other modules. */
    private static final List<Class<?>> SERVING = List.of(
            ProgramConfiguration.class,
            BrowseConfiguration.class,
            ArchiveLocation.class,
            MigrationHistory.class,
            ResponseMemory.class);

    /** Limits of the web server; a response has no details of an error. */
    private static final Map<String, String> WEB = Map.ofEntries(
            Map.entry("server.forward-headers-strategy", "none"),
            Map.entry("server.max-http-request-header-size", "16KB"),
            Map.entry("server.shutdown", "immediate"),
            Map.entry("server.server-header", ""),
            Map.entry("server.compression.enabled", "true"),
            Map.entry("server.tomcat.connection-timeout", "20s"),
            Map.entry("server.tomcat.max-connections", "512"),
            Map.entry("spring.threads.virtual.enabled", "true"),
            Map.entry("spring.mvc.problemdetails.enabled", "false"),
            Map.entry("spring.web.resources.add-mappings", "false"));

    /** Spring Boot application of all commands but those that read. */
    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration(exclude = {HttpMessageConvertersAutoConfiguration.class, SecurityAutoConfiguration.class})
    @ComponentScan(
            basePackages = "io.github.notearchive",
            excludeFilters = @Filter(type = FilterType.REGEX, pattern = "io\\.github\\.notearchive\\.browse\\..*"))
    static class ArchiveApplication {}

    private final ConfigurableApplicationContext context;

    private CommandContext(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /**
     * Opens a context.
     *
     * @param settings settings that have precedence over all others
     * @param clock clock to use; null for the system clock
     * @throws CommandFailure if a setting is unknown or has no unit
     */
    public static CommandContext open(Map<String, String> settings, @Nullable Clock clock) {
        return openUnchecked(settings, clock).check(false);
    }

    /**
     * Opens a context for a command that never creates an archive.
     *
     * @throws CommandFailure if there is no archive, or a setting is unknown or has no unit
     */
    static CommandContext openExisting(Map<String, String> settings) {
        return openUnchecked(settings, null).check(true);
    }

    /**
     * Opens a small context for a command that reads an archive: without auto-configuration and with few components. If
     * the schema is not that of this version, or the tables lack tombstones of the bucket, opens that of other commands
     * instead, which migrates or refuses the schema, and adds the tombstones.
     *
     * @throws CommandFailure if there is no archive, or a setting is unknown or has no unit
     */
    static CommandContext openToRead(Map<String, String> settings) {
        return openIfCurrent(WebApplicationType.NONE, READING, settings).orElseGet(() -> {
            CommandContext context = openExisting(settings);
            context.migrate();
            return context;
        });
    }

    /** Opens a context if its tables have schema and tombstones as they should be; otherwise closes it again. */
    private static Optional<CommandContext> openIfCurrent(
            WebApplicationType type, List<Class<?>> components, Map<String, String> settings) {
        CommandContext context = start(type, components, settings, null).check(true);
        boolean isCurrent = false;
        try {
            isCurrent = context.get(MigrationHistory.class).isCurrent()
                    && context.get(RestoredDump.class).hidesErased();
        } finally {
            if (!isCurrent) {
                context.close();
            }
        }
        return isCurrent ? Optional.of(context) : Optional.empty();
    }

    /**
     * Opens the context of the web pages, with a web server that accepts requests when this returns. Migrates the
     * schema first if it is older than this version, and adds tombstones of the bucket that the tables lack.
     *
     * @throws CommandFailure if there is no archive, or a setting is unknown or has no unit
     */
    public static CommandContext openToServe(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(WEB);
        all.putAll(ReadOnlyPool.SETTINGS);
        all.putAll(settings);
        return openIfCurrent(WebApplicationType.SERVLET, SERVING, all).orElseGet(() -> {
            try (CommandContext migrating = openExisting(settings)) {
                migrating.migrate();
            }
            return start(WebApplicationType.SERVLET, SERVING, all, null);
        });
    }

    /** Returns the port of the web server, for a context that serves. */
    public int port() {
        return Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
    }

    /** Returns how tables and bucket differ, see {@link RestoredDump#difference}. */
    Optional<String> difference() {
        return get(RestoredDump.class).difference();
    }

    private void migrate() {
        get(FlywayMigrationInitializer.class);
        get(RestoredDump.class).hideErased();
    }

    /** @throws CommandFailure if the database must not write to its bucket, as after the restore of an older dump */
    CommandContext requireNoDifference() {
        try {
            get(ArchiveRevision.class).difference().ifPresent(difference -> {
                throw CommandFailure.usage(difference + "; nothing was done");
            });
            return this;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private CommandContext check(boolean requiresArchive) {
        try {
            get(LogProperties.class); // no other bean uses it
            List<String> problems = settings().problems();
            if (!problems.isEmpty()) {
                throw CommandFailure.usage(
                        "The settings are not usable:\n  %s\nnote-archive config show lists all settings"
                                .formatted(String.join("\n  ", problems)));
            }
            if (requiresArchive) {
                get(ArchiveLocation.class).requireExisting();
            }
            return this;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Opens a context for a command that reports the problems of the settings itself. */
    public static CommandContext openUnchecked(Map<String, String> settings, @Nullable Clock clock) {
        return start(WebApplicationType.NONE, List.of(ArchiveApplication.class), settings, clock);
    }

    private static CommandContext start(
            WebApplicationType type, List<Class<?>> application, Map<String, String> settings, @Nullable Clock clock) {
        SettingsEnvironment.locate();
        return new CommandContext(new SpringApplicationBuilder(application.toArray(Class<?>[]::new))
                .environment(new SettingsEnvironment())
                .bannerMode(Banner.Mode.OFF)
                .web(type)
                .registerShutdownHook(false)
                .logStartupInfo(false)
                .initializers(created -> {
                    if (clock != null && created instanceof GenericApplicationContext generic) {
                        generic.registerBean(Clock.class, () -> clock);
                    }
                })
                .run(settings.entrySet().stream()
                        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
                        .toArray(String[]::new)));
    }

    public EffectiveSettings settings() {
        return new EffectiveSettings(context.getEnvironment());
    }

    /** Returns the bean of a type. A small context adds a component first, with all that its constructor requires. */
    public <T> T get(Class<T> type) {
        addRequired(type);
        return context.getBean(type);
    }

    /** Adds a component and those that it requires. Other parameters of constructors are beans of configurations. */
    private void addRequired(Class<?> type) {
        if (!AnnotatedElementUtils.hasAnnotation(type, Component.class)
                || context.getBeanNamesForType(type, true, false).length > 0) {
            return;
        }
        new AnnotatedBeanDefinitionReader((BeanDefinitionRegistry) context.getBeanFactory()).register(type);
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            for (int i = 0; i < constructor.getParameterCount(); i++) {
                ResolvableType parameter = ResolvableType.forConstructorParameter(constructor, i);
                boolean isProvider = parameter.resolve() == ObjectProvider.class;
                addRequired((isProvider ? parameter.getGeneric() : parameter).resolve(Object.class));
            }
        }
    }

    @Override
    public void close() {
        context.close();
    }
}

package io.github.notearchive.cli.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.support.SystemEnvironmentPropertySourceEnvironmentPostProcessor;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;

/** Environment with the default settings, and with variables and a file of a test. */
public final class SettingsFixture {

    private SettingsFixture() {}

    public static ConfigurableEnvironment with(Map<String, String> variables) {
        return with(null, variables);
    }

    static ConfigurableEnvironment with(@Nullable Path file, Map<String, String> variables) {
        StandardEnvironment environment = new StandardEnvironment() {
            @Override
            protected void customizePropertySources(MutablePropertySources sources) {
                sources.addLast(new SystemEnvironmentPropertySource(
                        SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, getSystemEnvironment()));
            }

            @Override
            @SuppressWarnings({"unchecked", "rawtypes"})
            public Map<String, Object> getSystemEnvironment() {
                return (Map) variables;
            }
        };
        // adds the origins of variables
        new SystemEnvironmentPropertySourceEnvironmentPostProcessor()
                .postProcessEnvironment(environment, new SpringApplication());
        if (file != null) {
            load(environment, "file", new FileSystemResource(file));
        }
        load(environment, "program", new ClassPathResource("config/application.yml"));
        return environment;
    }

    private static void load(ConfigurableEnvironment environment, String name, Resource resource) {
        try {
            List<PropertySource<?>> sources =
                    new YamlPropertySourceLoader().load("Config resource '" + name + "'", resource);
            sources.forEach(environment.getPropertySources()::addLast);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

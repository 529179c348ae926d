package io.github.notearchive.cli;

import io.github.notearchive.batch.SingleConnection;
import io.github.notearchive.cli.config.SettingsRecords;
import java.lang.reflect.Constructor;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.stereotype.Component;

/**
 * Application of the commands that read: without auto-configuration, and with one connection instead of a pool. Its
 * components are those that the action of the command requires. It has no stereotype, so that
 * {@link ArchiveApplication} does not find it.
 */
@Import({SettingsRecords.class, StorageConfiguration.class, SingleConnection.class})
final class ReadApplication {

    ReadApplication() {}

    /**
     * Returns a component, and all components that its constructor requires directly or indirectly. Other parameters of
     * constructors are beans of configurations.
     */
    static Set<Class<?>> requiredBy(Class<?> component) {
        Set<Class<?>> found = new LinkedHashSet<>();
        addRequired(component, found);
        return found;
    }

    private static void addRequired(Class<?> type, Set<Class<?>> found) {
        if (!AnnotatedElementUtils.hasAnnotation(type, Component.class) || !found.add(type)) {
            return;
        }
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
            for (int i = 0; i < constructor.getParameterCount(); i++) {
                ResolvableType parameter = ResolvableType.forConstructorParameter(constructor, i);
                boolean isProvider = parameter.resolve() == ObjectProvider.class;
                addRequired((isProvider ? parameter.getGeneric() : parameter).resolve(Object.class), found);
            }
        }
    }

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }
}

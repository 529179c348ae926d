package io.github.notearchive.browse;

import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.ReadOnlyPool;
import io.github.notearchive.export.ZipExport;
import io.github.notearchive.prove.CaptureLog;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.apache.catalina.core.StandardHost;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcClientAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.servlet.autoconfigure.HttpEncodingAutoConfiguration;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.CacheControl;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.LocaleResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.i18n.CookieLocaleResolver;
import org.springframework.web.servlet.i18n.LocaleChangeInterceptor;
import org.springframework.web.servlet.resource.VersionResourceResolver;

/** Web server of the pages. Only {@code browse} loads it, so that no other command starts or reads any of it. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
    TomcatServletWebServerAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class,
    ErrorMvcAutoConfiguration.class,
    HttpEncodingAutoConfiguration.class,
    HttpMessageConvertersAutoConfiguration.class,
    JacksonAutoConfiguration.class,
    SecurityFilterAutoConfiguration.class,
    DataSourceAutoConfiguration.class,
    DataSourceTransactionManagerAutoConfiguration.class,
    JdbcTemplateAutoConfiguration.class,
    JdbcClientAutoConfiguration.class
})
@ComponentScan({"io.github.notearchive.browse", "io.github.notearchive.archive", "io.github.notearchive.report"})
@Import({JobExecutionQueries.class, ReadOnlyPool.class, ZipExport.class, CaptureLog.class})
public class BrowseConfiguration implements WebMvcConfigurer {

    /** The time limit of the first search. */
    private static final Duration SEARCH_PATIENCE = Duration.ofSeconds(10);

    private static final String ASSETS = "classpath:/io/github/notearchive/browse/";

    private final ObjectProvider<RestoredDump> restored;

    BrowseConfiguration(ObjectProvider<RestoredDump> restored) {
        this.restored = restored;
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(new HandlerInterceptor() {

                    @Override
                    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
                            throws IOException {
                        boolean isSafe = restored.getObject().hidesErased();
                        if (!isSafe) {
                            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
                        }
                        return isSafe;
                    }
                })
                .excludePathPatterns("/error", "/assets/**");
        LocaleChangeInterceptor language = new LocaleChangeInterceptor();
        language.setParamName(PageRenderer.LANGUAGE);
        language.setIgnoreInvalidLocale(true);
        registry.addInterceptor(language);
        registry.addInterceptor(new SearchLimit(SEARCH_PATIENCE)).addPathPatterns("/", "/suggest", "/zip", "/notes/*");
    }

    /** Keeps the language of {@code ?lang=}; the header {@code Accept-Language} has that of other readers. */
    @Bean
    LocaleResolver localeResolver() {
        CookieLocaleResolver resolver = new CookieLocaleResolver(PageRenderer.LANGUAGE);
        resolver.setCookieMaxAge(Duration.ofDays(365));
        resolver.setCookieHttpOnly(true);
        resolver.setCookieSameSite("Strict");
        resolver.setRejectInvalidCookies(false);
        return resolver;
    }

    /** Serves style sheets and scripts from the class path. Their addresses have their digests. */
    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        registry.addResourceHandler("/assets/*.css", "/assets/*.js", "/assets/*.svg")
                .addResourceLocations(ASSETS, "classpath:/pages/")
                .setCacheControl(
                        CacheControl.maxAge(Duration.ofDays(365)).cachePrivate().immutable())
                .resourceChain(true)
                .addResolver(new VersionResourceResolver().addContentVersionStrategy("/**"));
    }

    @Bean
    WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> server(BrowseProperties settings) {
        return factory -> {
            factory.setAddress(BrowseProperties.address(settings.listen()).orElseThrow());
            factory.setPort(settings.port());
            factory.addContextCustomizers(context ->
                    ((StandardHost) context.getParent()).setErrorReportValveClass(ConnectorErrors.class.getName()));
        };
    }
}

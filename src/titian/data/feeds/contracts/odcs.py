"""The keys that the Open Data Contract Standard, version 3, knows at each place.

A key outside these lists is refused. A key in them that this room does not act on is reported.
Source: ODCS JSON schema v3.0.0 to v3.1.0 (Bitol, LF AI & Data).
"""

from __future__ import annotations

API_VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0")

_EVERYWHERE = frozenset({"id", "tags", "authoritativeDefinitions", "customProperties"})

CONTRACT = _EVERYWHERE | {
    "apiVersion",
    "contractCreatedTs",
    "dataProduct",
    "description",
    "domain",
    "kind",
    "name",
    "price",
    "roles",
    "schema",
    "servers",
    "slaDefaultElement",
    "slaProperties",
    "status",
    "support",
    "team",
    "tenant",
    "version",
}
DESCRIPTION = frozenset({"purpose", "usage", "limitations"}) | _EVERYWHERE
SCHEMA = _EVERYWHERE | {
    "businessName",
    "dataGranularityDescription",
    "description",
    "logicalType",
    "name",
    "physicalName",
    "physicalType",
    "properties",
    "quality",
    "relationships",
}
PROPERTY = _EVERYWHERE | {
    "businessName",
    "classification",
    "criticalDataElement",
    "description",
    "encryptedName",
    "examples",
    "logicalType",
    "logicalTypeOptions",
    "name",
    "partitionKeyPosition",
    "partitioned",
    "physicalName",
    "physicalType",
    "primaryKey",
    "primaryKeyPosition",
    "quality",
    "relationships",
    "required",
    "transformDescription",
    "transformLogic",
    "transformSourceObjects",
    "unique",
}
SERVER = _EVERYWHERE | {
    "account",
    "catalog",
    "database",
    "delimiter",
    "description",
    "endpointUrl",
    "environment",
    "format",
    "host",
    "location",
    "path",
    "port",
    "project",
    "region",
    "regionName",
    "roles",
    "schema",
    "server",
    "serviceName",
    "stagingDir",
    "type",
    "warehouse",
}
QUALITY = _EVERYWHERE | {
    "arguments",
    "businessImpact",
    "description",
    "dimension",
    "engine",
    "implementation",
    "method",
    "metric",
    "mustBe",
    "mustBeBetween",
    "mustBeGreaterOrEqualTo",
    "mustBeGreaterThan",
    "mustBeLessOrEqualTo",
    "mustBeLessThan",
    "mustNotBe",
    "mustNotBeBetween",
    "name",
    "query",
    "rule",
    "schedule",
    "scheduler",
    "severity",
    "type",
    "unit",
}
SLA = frozenset({"property", "value", "valueExt", "unit", "element", "driver", "id", "description"})
CUSTOM = frozenset({"property", "value", "description", "id"})

OPTIONS: dict[str, frozenset[str]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}
    ),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}
    ),
    "date": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format", "timezone"}
    ),
    "timestamp": frozenset(
        {
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "format",
            "timezone",
            "defaultTimezone",
        }
    ),
    "boolean": frozenset(),
}

# Databases the standard names, by the server type; any of them is opened through SQLAlchemy.
DATABASES = frozenset(
    {
        "clickhouse",
        "cloudsql",
        "custom",
        "databricks",
        "db2",
        "denodo",
        "dremio",
        "duckdb",
        "hive",
        "informix",
        "mysql",
        "oracle",
        "postgres",
        "postgresql",
        "presto",
        "redshift",
        "snowflake",
        "sqlserver",
        "synapse",
        "trino",
        "vertica",
    }
)

// Draws every [data-chart] with ECharts, in the theme's colours and font and the reader's language.
// The library is fetched only on pages that have a chart.
(() => {
  const library = document.currentScript.dataset.library;
  const language = document.documentElement.lang;
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const strong = matchMedia("(prefers-contrast: more)");
  const DASHED_FROM = 4;
  let echarts;

  const theme = () => {
    const ink = token("--ink-2");
    const line = token("--line");
    const axis = {
      axisLine: { lineStyle: { color: token("--line-strong") } },
      axisTick: { show: false },
      axisLabel: { color: token("--ink-3"), fontSize: 11, hideOverlap: true },
      splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: token("--ink-3") },
    };
    const text = { fontFamily: token("--face"), color: ink };
    return {
      color: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => token(`--series-${n}`)),
      backgroundColor: "transparent",
      textStyle: text,
      categoryAxis: { ...axis, splitLine: { show: false } },
      timeAxis: { ...axis, splitLine: { show: false } },
      valueAxis: { ...axis, axisLine: { show: false } },
      logAxis: { ...axis, axisLine: { show: false } },
      legend: { textStyle: { color: ink }, icon: "roundRect", itemWidth: 12, itemHeight: 8 },
      tooltip: {
        backgroundColor: token("--paper-raised"),
        borderColor: token("--line-strong"),
        textStyle: { color: token("--ink"), fontFamily: token("--face"), fontSize: 12 },
        axisPointer: { lineStyle: { color: token("--line-strong") } },
      },
      dataZoom: {
        textStyle: { color: ink },
        borderColor: line,
        fillerColor: `${token("--series-1")}22`,
        handleStyle: { color: token("--paper-raised"), borderColor: token("--line-strong") },
      },
      visualMap: {
        textStyle: { color: ink },
        inRange: { color: [0, 1, 2, 3, 4].map((n) => token(`--heat-${n}`)) },
      },
      line: { symbolSize: 5, lineStyle: { width: 2 } },
      graph: { color: [token("--brand")], lineStyle: { color: token("--line-strong") } },
    };
  };

  const format = (value, more) => new Intl.NumberFormat(language, more).format(value);
  const short = { notation: "compact", maximumSignificantDigits: 4 };
  const times = language === "en" ? ["ms", "s"] : ["毫秒", "秒"];
  const writers = {
    number: (value) => format(value, Math.abs(value) < 10 ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 2 }),
    compact: (value) => format(value, short),
    percent: (value) => format(value, { style: "percent", maximumFractionDigits: 2 }),
    yuan: (value) => (language === "en" ? `¥${format(value, short)}` : `${format(value, short)}元`),
    seconds: (value) => (Math.abs(value) < 1 && value ? `${format(value * 1000, { maximumSignificantDigits: 3 })} ${times[0]}` : `${format(value, { maximumSignificantDigits: 4 })} ${times[1]}`),
  };

  const writer = (name, counted = "") => {
    const write = writers[name] ?? writers.number;
    const known = (value) => value !== null && value !== undefined && value !== "-" && !Number.isNaN(value);
    return (value) => (known(value) ? `${write(value)}${counted ? ` ${counted}` : ""}` : "–");
  };

  // What a square of a heat map says: both of its names, then its value.
  const square = (option, write) => ({ data: [x, y, value] }) => {
    const said = document.createElement("span");
    said.textContent = `${option.yAxis.data[y]} · ${option.xAxis.data[x]}: ${write(value)}`;
    return said;
  };

  const dress = (option) => {
    const unit = option.titian?.format;
    for (const axis of [option.xAxis, option.yAxis].flat()) {
      if (axis?.type !== "value") continue;
      const own = axis.unit ?? unit;
      axis.axisLabel = { formatter: writer(own === "number" ? "compact" : own), ...axis.axisLabel };
    }
    const lines = (option.series ?? []).filter((one) => one.type === "line" && one.name);
    for (const one of option.series ?? []) {
      one.tooltip = { valueFormatter: writer(one.unit ?? unit, one.counted), ...one.tooltip };
      if (lines.indexOf(one) >= DASHED_FROM) one.lineStyle = { type: "dashed", ...one.lineStyle };
      if (one.markLine) {
        one.markLine.label = { color: token("--ink-3"), textBorderWidth: 0, fontSize: 11, ...one.markLine.label };
        one.markLine.lineStyle = { color: token("--accent-ink"), type: "dashed", ...one.markLine.lineStyle };
      }
      if (one.type === "heatmap") {
        one.itemStyle = { borderColor: token("--paper-raised"), borderWidth: 2, borderRadius: 3, ...one.itemStyle };
        option.tooltip = { formatter: square(option, writer(unit)), ...option.tooltip };
      }
    }
    if (option.visualMap) option.visualMap = { formatter: writer(unit), ...option.visualMap };
    option.tooltip = { confine: true, ...option.tooltip };
    option.aria = { enabled: true, decal: { show: strong.matches }, ...option.aria };
    option.animation = !still.matches;
    option.animationDuration = 350;
    return option;
  };

  const follow = (chart, links) => {
    chart.on("click", (event) => links[event.dataIndex] && location.assign(links[event.dataIndex]));
  };

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) echarts?.getInstanceByDom(target)?.resize();
  });

  const draw = (element) => {
    const option = dress(JSON.parse(element.dataset.chart));
    let chart = echarts.getInstanceByDom(element);
    if (chart) {
      chart.setTheme(theme());
      chart.setOption(option);
      return;
    }
    const locale = language.startsWith("zh") ? "ZH" : "EN";
    chart = echarts.init(element, theme(), { renderer: "canvas", locale });
    chart.setOption(option);
    if (option.titian?.links?.length) follow(chart, option.titian.links);
    sizes.observe(element);
    element.dataset.drawn = "yes";
  };

  const drawAll = async (again) => {
    const wanted = [...document.querySelectorAll("[data-chart]")].filter(
      (element) => again || element.dataset.drawn !== "yes" || !echarts?.getInstanceByDom(element),
    );
    if (!wanted.length) return;
    echarts ??= await import(library);
    await document.fonts.ready;
    for (const element of wanted) if (element.isConnected) draw(element);
  };

  for (const asked of [still, strong]) asked.addEventListener("change", () => drawAll(true));
  document.addEventListener("titian:theme", () => drawAll(true));
  document.addEventListener("htmx:after:swap", () => drawAll(false));
  drawAll(false);
})();

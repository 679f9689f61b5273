// Draws every [data-chart] with ECharts, in the theme's colours and font. The library is fetched
// only on pages that have a chart.
(() => {
  const library = document.currentScript.dataset.library;
  const language = document.documentElement.lang;
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
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
      visualMap: {
        textStyle: { color: ink },
        inRange: { color: [0, 1, 2, 3, 4].map((n) => token(`--heat-${n}`)) },
      },
      line: { symbolSize: 5, lineStyle: { width: 2 } },
      graph: { color: [token("--brand")], lineStyle: { color: token("--line-strong") } },
    };
  };

  const writers = {
    number: (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value),
    compact: (value) => new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value),
    percent: (value) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 }).format(value),
    yuan: (value) => `¥${new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 2 }).format(value)}`,
  };

  const writer = (name) => {
    const write = writers[name] ?? writers.number;
    return (value) => (value === null || value === undefined || value === "-" ? "–" : write(value));
  };

  const dress = (option) => {
    const write = writer(option.titian?.format);
    const compact = writer(option.titian?.format === "number" ? "compact" : option.titian?.format);
    for (const axis of [option.xAxis, option.yAxis].flat()) {
      if (axis?.type === "value") axis.axisLabel = { formatter: compact, ...axis.axisLabel };
    }
    for (const one of option.series ?? []) {
      if (one.markLine) {
        one.markLine.label = { color: token("--ink-3"), textBorderWidth: 0, fontSize: 11, ...one.markLine.label };
        one.markLine.lineStyle = { color: token("--accent-ink"), type: "dashed", ...one.markLine.lineStyle };
      }
    }
    option.tooltip = { valueFormatter: write, confine: true, ...option.tooltip };
    option.aria = { enabled: true, decal: { show: false } };
    option.animationDuration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350;
    return option;
  };

  const draw = (element) => {
    const option = dress(JSON.parse(element.dataset.chart));
    echarts.getInstanceByDom(element)?.dispose();
    const chart = echarts.init(element, theme(), { renderer: "canvas" });
    chart.setOption(option);
    if (option.titian?.links) {
      chart.on("click", (event) => {
        const to = option.titian.links[event.dataIndex];
        if (to) location.assign(to);
      });
    }
    element.dataset.drawn = "yes";
  };

  const drawAll = async (again) => {
    const wanted = [...document.querySelectorAll("[data-chart]")].filter(
      (element) => again || element.dataset.drawn !== "yes",
    );
    if (!wanted.length) return;
    echarts ??= await import(library);
    await document.fonts.ready;
    for (const element of wanted) if (element.isConnected) draw(element);
  };

  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const element of document.querySelectorAll("[data-chart]")) {
        echarts?.getInstanceByDom(element)?.resize();
      }
    }, 80);
  });
  document.addEventListener("titian:theme", () => drawAll(true));
  document.addEventListener("htmx:after:swap", () => drawAll(false));
  drawAll(false);
})();

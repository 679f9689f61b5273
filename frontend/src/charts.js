import { BarChart, BoxplotChart, CandlestickChart, CustomChart, EffectScatterChart, GaugeChart,
  GraphChart, HeatmapChart, LineChart, PieChart, SankeyChart, ScatterChart, SunburstChart,
  TreeChart, TreemapChart } from "echarts/charts";
import { AriaComponent, CalendarComponent, DatasetComponent, DataZoomComponent, GridComponent,
  LegendComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TitleComponent,
  TooltipComponent, TransformComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout, UniversalTransition } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  BarChart, BoxplotChart, CandlestickChart, CustomChart, EffectScatterChart, GaugeChart, GraphChart,
  HeatmapChart, LineChart, PieChart, SankeyChart, ScatterChart, SunburstChart, TreeChart,
  TreemapChart,
  AriaComponent, CalendarComponent, DatasetComponent, DataZoomComponent, GridComponent,
  LegendComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TitleComponent,
  TooltipComponent, TransformComponent, VisualMapComponent,
  LabelLayout, UniversalTransition, CanvasRenderer,
]);

export * from "echarts/core";
